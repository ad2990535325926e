// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package stream

import "github.com/virtplane/virtplane/launcher/session"

// reset starts the guest again without asking it.
var reset = verb{
	name: session.VerbReset,
	objection: func(state session.State) string {
		switch state {
		case session.StateRunning, session.StatePaused:
			return ""
		}
		return "VMI is not running"
	},
	event: "Reset", message: "VirtualMachineInstance reset",
}

// softReboot asks the guest to reboot.
var softReboot = verb{
	name: session.VerbSoftReboot,
	objection: func(state session.State) string {
		switch state {
		case session.StateRunning:
			return ""
		case session.StatePaused:
			return "VMI is paused"
		}
		return "VM is not running"
	},
	event: "SoftRebooted", message: "VirtualMachineInstance soft rebooted",
}
