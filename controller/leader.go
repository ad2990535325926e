// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/klog/v2"
)

const (
	// leaseDuration is how long a leader that died keeps others waiting. One that exits releases the lease.
	leaseDuration = 15 * time.Second
	// renewDeadline is when a leader that cannot renew gives up; before others may take over.
	renewDeadline = 10 * time.Second
	retryPeriod   = 2 * time.Second

	leaseName = "virt-controller"
)

// errLeaseLost ends a process that is no longer the leader: the next one starts from nothing.
var errLeaseLost = errors.New("leader lease was lost")

// lead calls work while this process is the leader. It returns when work has returned, so that the
// lease is not released while something is still being written.
func lead(ctx context.Context, c *clients, o *Options, watchdog *leaderelection.HealthzAdaptor, work func(context.Context) error) error {
	id, err := identity(o)
	if err != nil {
		return err
	}
	electing, release := context.WithCancel(context.WithoutCancel(ctx))
	defer release()
	finished := make(chan error, 1)
	started := make(chan struct{})
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Name: leaseName,
		Lock: &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Namespace: o.Namespace, Name: leaseName},
			Client:     c.lease.CoordinationV1(),
			LockConfig: resourcelock.ResourceLockConfig{Identity: id},
		},
		LeaseDuration:   leaseDuration,
		RenewDeadline:   renewDeadline,
		RetryPeriod:     retryPeriod,
		ReleaseOnCancel: true,
		WatchDog:        watchdog,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(leading context.Context) {
				close(started)
				working, stop := context.WithCancel(leading)
				defer stop()
				defer context.AfterFunc(ctx, stop)()
				finished <- work(working)
				release()
			},
			OnStoppedLeading: func() {},
			OnNewLeader: func(leader string) {
				klog.FromContext(ctx).Info("Leader", "identity", leader, "self", leader == id)
			},
		},
	})
	if err != nil {
		return fmt.Errorf("make leader elector: %w", err)
	}
	// Nothing is to be finished before this process has become the leader.
	defer context.AfterFunc(ctx, func() {
		select {
		case <-started:
		default:
			release()
		}
	})()
	elector.Run(electing)
	select {
	case <-started:
	default:
		return nil
	}
	err = <-finished
	if err == nil && ctx.Err() == nil {
		err = errLeaseLost
	}
	return err
}

// identity returns the pod's name: a container that is restarted in its pod takes its own lease up
// again at once, and a pod runs the container once at a time. Outside of a pod nothing says so.
func identity(o *Options) (string, error) {
	host, err := os.Hostname()
	if err != nil {
		return "", fmt.Errorf("get host name: %w", err)
	}
	if o.Kubeconfig != "" {
		host += "_" + string(uuid.NewUUID())
	}
	return host, nil
}
