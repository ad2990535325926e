// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// bursts measures many starts at once: plain pods, guests that do not run, guests that boot.
func (o options) bursts(ctx context.Context, c *cluster) error {
	var names, podNames []string
	for i := range o.parallel {
		names = append(names, fmt.Sprintf("burst-%d", i))
		podNames = append(podNames, fmt.Sprintf("pod-burst-%d", i))
	}
	title("%d at once, 100 ms apart (seconds)", o.parallel)
	header()
	var pods, podEnds series
	started, err := c.startPods(ctx, podNames)
	if err != nil {
		return err
	}
	pods.add(started...)
	pods.print("plain pods -> Running")
	ended, err := c.endPods(ctx, podNames)
	if err != nil {
		return err
	}
	podEnds.add(ended...)
	podEnds.print("plain pods deleted")
	paused := v1.StartStrategyPaused
	for _, variant := range []struct {
		what  string
		start *v1.StartStrategy
	}{{"paused instances", &paused}, {"booting instances", nil}} {
		var vms, ends series
		timings, err := c.startInstances(ctx, names, o.guest, variant.start)
		if err != nil {
			return err
		}
		for _, t := range timings {
			vms.add(t.running)
		}
		vms.print(variant.what + " -> Running")
		if ended, err = c.endInstances(ctx, names); err != nil {
			return err
		}
		ends.add(ended...)
		ends.print(variant.what + " deleted")
	}
	return nil
}
