// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/virtctl/rdp"
	"github.com/virtplane/virtplane/virtctl/tunnel"
)

// checkDesktop tells what keeps a guest from having a desktop to connect to.
func checkDesktop(vmi *v1.VirtualMachineInstance, agentNeeded bool) error {
	switch {
	case !vmi.IsRunning():
		return fmt.Errorf("rdp %s: the guest does not run: its instance is %s (kubectl describe vmi %s)", vmi.Name, phaseOf(vmi), vmi.Name)
	case vmi.HasCondition(v1.VirtualMachineInstancePaused):
		return fmt.Errorf("rdp %s: the guest is paused (virtctl unpause vmi %s)", vmi.Name, vmi.Name)
	case agentNeeded && !vmi.HasCondition(v1.VirtualMachineInstanceAgentConnected):
		return fmt.Errorf("rdp %s: the guest agent is not connected: the guest still starts, or has none; install and start "+
			"qemu-guest-agent in the guest (on Windows it comes with the virtio drivers), or use --no-agent-check", vmi.Name)
	}
	return nil
}

func phaseOf(vmi *v1.VirtualMachineInstance) string {
	if vmi.Status.Phase == "" {
		return "Pending"
	}
	return string(vmi.Status.Phase)
}

// probeDesktop tells what is wrong where no server answers, before a client that would only say that it cannot connect.
func probeDesktop(ctx context.Context, open tunnel.Open, p place, port uint16) error {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	conn, err := open(ctx)
	if apierrors.IsInternalError(err) && strings.Contains(err.Error(), notDialed) {
		return fmt.Errorf("rdp %s: nothing listens on port %d of the guest (%s); %s", p, port, reason(err), enableDesktop)
	}
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	defer conn.Close()
	switch err := rdp.Probe(conn); {
	case err == nil:
		return nil
	case errors.Is(err, rdp.ErrOther):
		return fmt.Errorf("rdp %s: something listens on port %d of the guest, but %w; name another port with --target-port", p, port, err)
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("rdp %s: port %d of the guest takes connections, but no server has answered within %s; try again when "+
			"the guest has started, or go on with --force", p, port, probeTime)
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("rdp %s: the guest closes connections to port %d at once: nothing listens there that speaks the Remote "+
			"Desktop Protocol; %s", p, port, enableDesktop)
	default:
		return fmt.Errorf("rdp %s: check port %d of the guest: %w; go on with --force", p, port, err)
	}
}

// notDialed is in the server's answer when a guest refuses a connection or does not take it.
const notDialed = "dialing VM"

// enableDesktop is what to do in the guest.
const enableDesktop = "switch on Remote Desktop in the settings of Windows, or install xrdp on Linux; --force goes on regardless"
