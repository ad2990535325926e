// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package launcher

import (
	"context"
	"errors"
	"time"

	"github.com/virtplane/virtplane/launcher/agent"
	"github.com/virtplane/virtplane/launcher/session"
)

var (
	errNotRunning = errors.New("the guest does not run yet")
	errStopping   = errors.New("the guest is being stopped")
	errPaused     = errors.New("the guest is paused; unpause it first")
)

// onCommand carries out what the plugin asks for.
func (l *launcher) onCommand(ctx context.Context, c *session.Command) (any, error) {
	switch c.Verb {
	case session.VerbShutdown:
		grace := l.options.grace()
		if s := c.GracePeriodSeconds; s != nil {
			grace = time.Duration(max(*s, 0)) * time.Second
		}
		return nil, l.requestStop(stop{grace: grace})
	case session.VerbKill:
		return nil, l.requestStop(stop{})
	case session.VerbPause, session.VerbUnpause, session.VerbReset, session.VerbSoftReboot:
		return nil, l.onRunning(ctx, c.Verb)
	case session.VerbGuestInfo, session.VerbUsers, session.VerbFilesystems, session.VerbFreeze, session.VerbUnfreeze:
		return l.onAgent(ctx, c)
	case session.VerbVNC:
		return l.openScreen(ctx)
	case session.VerbScreenshot:
		return l.takePicture(ctx, c.Arguments)
	}
	return nil, errors.New(session.UnknownVerb(c.Verb))
}

// onRunning carries out a verb that needs a guest.
func (l *launcher) onRunning(ctx context.Context, verb session.Verb) error {
	h := l.current()
	if h == nil {
		return errNotRunning
	}
	state, _, err := h.State()
	if err != nil {
		return err
	}
	switch verb {
	case session.VerbPause:
		if state == session.StateRunning {
			err = h.Suspend()
		}
	case session.VerbUnpause:
		if state == session.StatePaused {
			err = h.Resume()
		}
	case session.VerbReset:
		err = l.reset(h, state)
	case session.VerbSoftReboot:
		err = l.softReboot(ctx, h, state)
	}
	l.refresh(ctx)
	return err
}

// reset starts the guest again without asking it; a paused one stays paused.
func (l *launcher) reset(h Hypervisor, state session.State) error {
	switch {
	case state != session.StateRunning && state != session.StatePaused:
		return errNotRunning
	case l.stopping.Load():
		return errStopping
	}
	return h.Reset()
}

// softReboot asks the guest's agent, or presses the power button where none answers.
func (l *launcher) softReboot(ctx context.Context, h Hypervisor, state session.State) error {
	switch {
	case state == session.StatePaused:
		return errPaused
	case state != session.StateRunning:
		return errNotRunning
	case l.stopping.Load():
		return errStopping // a guest that is asked to reboot now would start again instead of ending
	}
	if l.orderByAgent(ctx, "reboot the guest", (*agent.Agent).Reboot) {
		return nil
	}
	return h.Reboot()
}
