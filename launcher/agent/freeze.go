// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/virtplane/virtplane/launcher/guestinfo"
)

const (
	// freezeLimit is how long a guest may take to write back what it holds: less than the node plugin waits.
	freezeLimit = 5 * time.Second
	thawLimit   = 5 * time.Second
	// thawTry is for one try to thaw, thawAgain and thawSlowest bound the time between two.
	thawTry     = 12 * time.Second
	thawAgain   = time.Second
	thawSlowest = 30 * time.Second
	// longest is what a timer can hold without overflow.
	longest = 365 * 24 * time.Hour
)

func (a *Agent) freezeStatus(ctx context.Context) (string, error) {
	var status string
	if err := a.ask(ctx, "guest-fsfreeze-status", nil, &status, quick); err != nil {
		return "", err
	}
	if status != guestinfo.Frozen && status != guestinfo.Thawed {
		return "", fmt.Errorf("the guest agent says that its file systems are %.32q", guestinfo.Text(status, maxRefusal))
	}
	return status, nil
}

// Freeze has the guest hold back writes to its file systems. They are thawed after thawAfter at the
// latest, unless it is 0. A guest that is frozen stays so and gets a new limit.
func (a *Agent) Freeze(ctx context.Context, thawAfter time.Duration) error {
	status, err := a.freezeStatus(ctx)
	if err != nil {
		return err
	}
	if status != guestinfo.Frozen {
		if err := a.ask(ctx, "guest-fsfreeze-freeze", nil, nil, freezeLimit); err != nil {
			if errors.Is(err, ErrSilent) {
				// It may freeze yet, and whoever asked has been told that it does not.
				a.thawUntilDone()
			}
			return fmt.Errorf("freeze file systems: %w", err)
		}
	}
	a.setFrozen(true, thawAfter)
	return nil
}

// Thaw lets the guest write again.
func (a *Agent) Thaw(ctx context.Context) error {
	status, err := a.freezeStatus(ctx)
	if err != nil {
		return err
	}
	if status == guestinfo.Frozen {
		if err := a.ask(ctx, "guest-fsfreeze-thaw", nil, nil, thawLimit); err != nil {
			return fmt.Errorf("thaw file systems: %w", err)
		}
	}
	a.setFrozen(false, 0)
	return nil
}

// setFrozen notes the state, and when it shall end by itself.
func (a *Agent) setFrozen(frozen bool, thawAfter time.Duration) {
	a.mu.Lock()
	next := guestinfo.Status{}
	if a.status != nil {
		next = *a.status
	}
	next.Frozen = frozen
	a.status = &next
	a.freezes++
	if a.thaw != nil {
		a.thaw.Stop()
		a.thaw = nil
	}
	if frozen && thawAfter > 0 {
		a.thaw = time.AfterFunc(min(thawAfter, longest), a.thawUntilDone)
	}
	a.mu.Unlock()
	a.changed()
}

// thawUntilDone thaws the guest however often that has to be tried.
func (a *Agent) thawUntilDone() {
	a.mu.Lock()
	again := a.thawing
	a.thawing = true
	a.mu.Unlock()
	if again {
		return
	}
	go func() {
		defer func() {
			a.mu.Lock()
			a.thawing = false
			a.mu.Unlock()
		}()
		for pause := thawAgain; ; pause = min(2*pause, thawSlowest) {
			ctx, cancel := context.WithTimeout(context.Background(), thawTry)
			err := a.Thaw(ctx)
			cancel()
			if err == nil {
				return
			}
			select {
			case <-time.After(pause):
			case <-a.stopped:
				return
			}
		}
	}()
}

// frozen tells whether the guest is frozen, and how often that has changed by a command.
func (a *Agent) frozen() (bool, int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.frozenLocked()
}

func (a *Agent) frozenLocked() (bool, int) { return a.status != nil && a.status.Frozen, a.freezes }
