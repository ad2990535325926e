// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package stream

import "github.com/virtplane/virtplane/launcher/session"

// pause stops the guest's CPUs.
var pause = verb{
	name: session.VerbPause,
	objection: func(state session.State) string {
		switch state {
		case session.StateRunning:
			return ""
		case session.StatePaused:
			return "VMI is already paused"
		}
		return "VM is not running"
	},
	event: "Paused", message: "VirtualMachineInstance paused",
}

// unpause lets the guest's CPUs go on.
var unpause = verb{
	name: session.VerbUnpause,
	objection: func(state session.State) string {
		switch state {
		case session.StatePaused:
			return ""
		case session.StateRunning:
			return "VMI is not paused"
		}
		return "VMI is not running"
	},
	event: "Unpaused", message: "VirtualMachineInstance unpaused",
}
