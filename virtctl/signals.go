// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// WithSignals returns a context that ends when this process is asked to: by Ctrl-C, by an order to end, or by the loss of
// its terminal, after which a console has nobody to show anything to. What the caller has this process ignore stays
// ignored, as nohup does with hang-ups and shells with Ctrl-C for what runs in the background.
func WithSignals(ctx context.Context) (context.Context, context.CancelFunc) {
	var heeded []os.Signal
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			heeded = append(heeded, s)
		}
	}
	if len(heeded) == 0 {
		// To name none would mean all.
		return context.WithCancel(ctx)
	}
	return signal.NotifyContext(ctx, heeded...)
}
