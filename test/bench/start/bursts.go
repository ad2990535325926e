// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/test/bench/series"
)

// bursts measures many starts at once: plain pods, guests that do not run, guests that boot.
func (o options) bursts(ctx context.Context, c *cluster) error {
	var names, podNames []string
	for i := range o.parallel {
		names = append(names, fmt.Sprintf("burst-%d", i))
		podNames = append(podNames, fmt.Sprintf("pod-burst-%d", i))
	}
	series.Title("%d at once, 100 ms apart (seconds)", o.parallel)
	series.Header()
	var pods, podEnds series.Series
	started, err := c.startPods(ctx, podNames)
	if err != nil {
		return err
	}
	pods.Add(started...)
	pods.Print("plain pods -> Running")
	ended, err := c.endPods(ctx, podNames)
	if err != nil {
		return err
	}
	podEnds.Add(ended...)
	podEnds.Print("plain pods deleted")
	paused := v1.StartStrategyPaused
	for _, variant := range []struct {
		what  string
		start *v1.StartStrategy
	}{{"paused instances", &paused}, {"booting instances", nil}} {
		var vms, ends series.Series
		timings, err := c.startInstances(ctx, names, o.guest, variant.start)
		if err != nil {
			return err
		}
		for _, t := range timings {
			vms.Add(t.running)
		}
		vms.Print(variant.what + " -> Running")
		if ended, err = c.endInstances(ctx, names); err != nil {
			return err
		}
		ends.Add(ended...)
		ends.Print(variant.what + " deleted")
	}
	return nil
}
