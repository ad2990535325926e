// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/virtplane/virtplane/test/bench/series"
)

// attach measures the time from the dial to the first byte of a console, beside that of a plain pod's log.
func (c *cluster) attach(ctx context.Context) error {
	var consoles, logs series.Series
	for range c.attaches {
		begin := time.Now()
		t, err := c.open(ctx)
		if err != nil {
			return err
		}
		err = t.first()
		consoles.Add(milliseconds(time.Since(begin)))
		t.close()
		if err != nil {
			return fail("read console", err)
		}
		took, err := c.firstOfLog(ctx)
		if err != nil {
			return err
		}
		logs.Add(took)
	}
	series.Title("First byte after the dial, %d times (ms; p99 %.0f and %.0f)", c.attaches, consoles.Rank(0.99), logs.Rank(0.99))
	series.Header()
	consoles.Print("serial console")
	logs.Print("log of a plain pod")
	fmt.Printf("%-46s %.2f\n", "ratio of the medians", consoles.P50()/logs.P50())
	return nil
}

// firstOfLog returns how many milliseconds it takes to follow the pod's log from nothing.
func (c *cluster) firstOfLog(ctx context.Context) (float64, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	client, err := newClient(c.config)
	if err != nil {
		return 0, err
	}
	begin := time.Now()
	stream, err := client.CoreV1().Pods(c.namespace).GetLogs(podName, &corev1.PodLogOptions{Follow: true}).Stream(ctx)
	if err != nil {
		return 0, fail("open log", err)
	}
	defer stream.Close()
	if _, err := stream.Read(make([]byte, 1)); err != nil {
		return 0, fail("read log", err)
	}
	return milliseconds(time.Since(begin)), nil
}

// newClient returns a client that connects anew for each request, as a program does that starts.
func newClient(config *rest.Config) (kubernetes.Interface, error) {
	transport, err := ownTransport(config)
	if err != nil {
		return nil, err
	}
	client, err := kubernetes.NewForConfigAndClient(config, transport)
	if err != nil {
		return nil, fail("make client", err)
	}
	return client, nil
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
