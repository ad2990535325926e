// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/klog/v2"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

const (
	component = "virt-nodeplugin"
	// maxEvents are kept while the API server is away; further ones are lost.
	maxEvents = 256
	// eventTries and eventPause say for how long an event is worth it.
	eventTries = 6
	eventPause = 500 * time.Millisecond
	// eventTimeout keeps a slow API server from holding up later events.
	eventTimeout = 10 * time.Second
)

// Recorder writes events about instances. There are few: each is one thing that happened, so
// nothing is counted or merged.
type Recorder struct {
	client *Client
	node   string
	queue  chan *corev1.Event
}

// NewRecorder returns a Recorder for node.
func (c *Client) NewRecorder(node string) *Recorder {
	return &Recorder{client: c, node: node, queue: make(chan *corev1.Event, maxEvents)}
}

// Event writes an event later. It does not wait.
func (r *Recorder) Event(vmi *v1.VirtualMachineInstance, kind, reason, message string) {
	now := metav1.Now()
	e := &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{Namespace: vmi.Namespace, Name: fmt.Sprintf("%.200s.%x", vmi.Name, now.UnixNano())},
		InvolvedObject: corev1.ObjectReference{
			Kind: "VirtualMachineInstance", APIVersion: v1.SchemeGroupVersion.String(), Namespace: vmi.Namespace, Name: vmi.Name,
			UID: vmi.UID, ResourceVersion: vmi.ResourceVersion,
		},
		Type: kind, Reason: reason, Message: message, Count: 1, FirstTimestamp: now, LastTimestamp: now,
		Source: corev1.EventSource{Component: component, Host: r.node}, ReportingController: component, ReportingInstance: r.node,
	}
	select {
	case r.queue <- e:
	default:
	}
}

// Run writes events until ctx ends.
func (r *Recorder) Run(ctx context.Context) {
	for {
		select {
		case e := <-r.queue:
			if err := r.write(ctx, e); err != nil && ctx.Err() == nil {
				klog.FromContext(ctx).Error(err, "Event is lost", "vmi", klog.KRef(e.Namespace, e.InvolvedObject.Name), "reason", e.Reason)
			}
		case <-ctx.Done():
			return
		}
	}
}

func (r *Recorder) write(ctx context.Context, e *corev1.Event) error {
	var last error
	backoff := wait.Backoff{Duration: eventPause, Factor: 2, Steps: eventTries}
	err := wait.ExponentialBackoffWithContext(ctx, backoff, func(ctx context.Context) (bool, error) {
		ctx, cancel := context.WithTimeout(ctx, eventTimeout)
		defer cancel()
		last = r.client.core.Post().Namespace(e.Namespace).Resource("events").Body(e).Do(ctx).Error()
		switch {
		case last == nil, apierrors.IsAlreadyExists(last):
			return true, nil
		case apierrors.IsForbidden(last), apierrors.IsNotFound(last):
			return false, last // the namespace is going or gone
		}
		return false, nil
	})
	if wait.Interrupted(err) {
		return errors.Join(fmt.Errorf("write event: %w", last), ctx.Err())
	}
	return err
}
