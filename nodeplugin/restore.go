// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package nodeplugin

import (
	"context"

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
