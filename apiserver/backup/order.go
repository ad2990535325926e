// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"context"
	"time"

	"k8s.io/klog/v2"
)

// orderPoll is how soon a server notices that it is to restore.
const orderPoll = time.Second

// Ordered returns true when a server on dataDir is told to restore, and false when ctx ends before.
func Ordered(ctx context.Context, dataDir string) bool {
	tick := time.NewTicker(orderPoll)
	defer tick.Stop()
	var told string
	for {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
		o, err := Pending(dataDir)
		if err != nil && err.Error() != told {
			told = err.Error()
			klog.FromContext(ctx).Error(err, "An order to restore cannot be followed")
		}
		if o != nil {
			klog.FromContext(ctx).Info("Stopping to restore a backup", "made", o.From, "replacedData", o.Aside)
			return true
		}
	}
}
