// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package nodeplugin

import (
	"context"
	"time"

	"k8s.io/klog/v2"
)

// sweepInterval is how often console logs are looked at that have become too old.
const sweepInterval = time.Minute

// sweepLogs keeps the console logs of ended guests within their limits, until ctx ends.
func (p *Plugin) sweepLogs(ctx context.Context) {
	tick := time.NewTicker(sweepInterval)
	defer tick.Stop()
	for {
		if err := p.logs.Sweep(time.Now(), p.guests.Serves); err != nil {
			klog.FromContext(ctx).Error(err, "Console logs are not all removed")
		}
		select {
		case <-tick.C:
		case <-p.sweeps:
		case <-ctx.Done():
			return
		}
	}
}

// sweepSoon has the logs looked at, because a guest has ended.
func (p *Plugin) sweepSoon() {
	select {
	case p.sweeps <- struct{}{}:
	default:
	}
}
