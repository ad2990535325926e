// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"errors"
	"time"
)

// objectionTime is how long the agent may take to say that it does not obey.
const objectionTime = time.Second

// Ping asks for an answer.
func (a *Agent) Ping(ctx context.Context) error { return a.ask(ctx, "guest-ping", nil, nil, quick) }

// PowerOff asks the guest to shut down. It returns nil once the agent has the order.
func (a *Agent) PowerOff(ctx context.Context) error { return a.order(ctx, "powerdown") }

// Reboot asks the guest to shut down and to start again. It returns nil once the agent has the order.
func (a *Agent) Reboot(ctx context.Context) error { return a.order(ctx, "reboot") }

func (a *Agent) order(ctx context.Context, mode string) error {
	if a.Frozen() {
		// A frozen guest could not write what it has to before its end, and its agent refuses.
		if err := a.Thaw(ctx); err != nil {
			return err
		}
	}
	if err := a.Ping(ctx); err != nil {
		return err
	}
	err := a.ask(ctx, "guest-shutdown", map[string]string{"mode": mode}, nil, objectionTime)
	if errors.Is(err, ErrSilent) {
		return nil // only an agent that does not obey answers
	}
	return err
}
