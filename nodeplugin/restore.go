// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package nodeplugin

import (
	"context"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"
)

// restore listens again for all launchers that an earlier process knew.
func (p *Plugin) restore(ctx context.Context) {
	logger := klog.FromContext(ctx)
	volumes, dropped := p.store.Load()
	for _, err := range dropped {
		logger.Info("Volume record dropped", "reason", err.Error())
	}
	for _, v := range volumes {
		if err := p.guests.Open(v); err != nil {
			logger.Error(err, "Session directory is not served", "volume", v.ID, "vmi", v.Ref())
		}
	}
	if len(volumes) > 0 {
		logger.Info("Published volumes restored", "count", len(volumes))
	}
}

// watchSync sweeps once all instances of the node are known.
func (p *Plugin) watchSync(ctx context.Context) {
	if p.instances.AwaitSync(ctx) {
		p.sweep()
	}
}

// sweep removes the console logs of instances that are gone.
func (p *Plugin) sweep() {
	if !p.instances.Synced() {
		return
	}
	known := p.instances.UIDs()
	p.logs.Sweep(func(uid types.UID) bool { return known[uid] || p.guests.Serves(uid) })
}
