// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/virtplane/virtplane/test/bench/series"
)

// serial measures how fast the guest's output comes, with a viewer and without: the guest waits for its serial
// port either way, so that what the viewer adds shows.
func (c *cluster) serial(ctx context.Context) error {
	var watched, alone series.Series
	for range c.rounds {
		begin := time.Now()
		if err := c.terminal.send(fmt.Sprintf("dd if=/dev/zero bs=1000 count=%d 2>/dev/null; echo d'o'ne\n", c.serialMB*1000)); err != nil {
			return err
		}
		got, err := c.terminal.expect(ctx, "done")
		if err != nil {
			return err
		}
		if got < c.serialMB*1000*1000 {
			return fmt.Errorf("the console lost output: %d of %d bytes came", got, c.serialMB*1000*1000)
		}
		watched.Add(float64(c.serialMB) / time.Since(begin).Seconds())

		took, err := c.unwatched(ctx, 2*time.Since(begin))
		if err != nil {
			return err
		}
		alone.Add(float64(c.serialMB) / took)
	}
	series.Title("Serial console, %d MB of output, %d times (MB/s)", c.serialMB, c.rounds)
	series.Header()
	watched.Print("through to a viewer")
	alone.Print("with nobody attached")
	fmt.Printf("%-46s %.2f\n", "ratio of the medians", watched.P50()/alone.P50())
	return nil
}

// real is how the guest's shell prints how long a command took.
var real = regexp.MustCompile(`real\s+(\d+)m ?([\d.]+)s`)

// unwatched has the guest write while nobody is attached, and returns how many seconds it took by the guest's clock.
func (c *cluster) unwatched(ctx context.Context, enough time.Duration) (float64, error) {
	line := fmt.Sprintf("sleep 1; time sh -c 'dd if=/dev/zero bs=1000 count=%d 2>/dev/null'; echo d'o'ne\n", c.serialMB*1000)
	if err := c.terminal.send(line); err != nil {
		return 0, err
	}
	c.terminal.close()
	select {
	case <-time.After(enough + 2*time.Second):
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	var err error
	if c.terminal, err = c.open(ctx); err != nil {
		return 0, err
	}
	seen, err := c.terminal.read(ctx, "done\r\n")
	if err != nil {
		return 0, err
	}
	match := real.FindSubmatch(seen)
	if match == nil {
		return 0, fmt.Errorf("the guest does not tell how long it took: %q", seen[max(0, len(seen)-100):])
	}
	minutes, _ := strconv.ParseFloat(string(match[1]), 64)
	seconds, _ := strconv.ParseFloat(string(match[2]), 64)
	return 60*minutes + seconds, nil
}
