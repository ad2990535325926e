// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// guestName and podName are what is measured.
	guestName, podName = "guest", "pod"
	// streamPort sends zeros, echoPort returns what it gets; both in the guest and in the pod.
	streamPort, echoPort = 9000, 9001
	// patience is how long one step may take before the run is given up.
	patience = 3 * time.Minute
)

type options struct {
	kubeconfig, programs, guest, tools, namespace string
	attaches, serialMB, forwardMB, rounds         int
}

func (o options) run(ctx context.Context) error {
	c, err := connect(o)
	if err != nil {
		return err
	}
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: o.namespace}}
	if _, err := c.core.CoreV1().Namespaces().Create(ctx, ns, metav1.CreateOptions{}); err != nil {
		return fail("create namespace", err)
	}
	defer func() {
		// The run's own context may have ended; what it made goes all the same.
		_ = c.core.CoreV1().Namespaces().Delete(context.WithoutCancel(ctx), o.namespace, metav1.DeleteOptions{})
	}()
	if err := c.start(ctx); err != nil {
		return err
	}
	for _, part := range []func(context.Context) error{c.attach, c.serial, c.forward} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}
