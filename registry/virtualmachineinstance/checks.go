// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"context"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// The two words for the same thing are those of the published API.
const (
	vmNotRunning  = "VM is not running"
	vmiNotRunning = "VMI is not running"
	vmiPaused     = "VMI is paused"
	vmiNotPaused  = "VMI is not paused"
)

// running refuses with message what has no guest that runs.
func running(message string) check {
	return func(_ context.Context, vmi *v1.VirtualMachineInstance) error {
		if !vmi.IsRunning() {
			return conflict(vmi.Name, message)
		}
		return nil
	}
}

func isPaused(_ context.Context, vmi *v1.VirtualMachineInstance) error {
	if !vmi.HasCondition(v1.VirtualMachineInstancePaused) {
		return conflict(vmi.Name, vmiNotPaused)
	}
	return nil
}

func notPaused(message string) check {
	return func(_ context.Context, vmi *v1.VirtualMachineInstance) error {
		if vmi.HasCondition(v1.VirtualMachineInstancePaused) {
			return conflict(vmi.Name, message)
		}
		return nil
	}
}

func agentConnected(_ context.Context, vmi *v1.VirtualMachineInstance) error {
	if !vmi.HasCondition(v1.VirtualMachineInstanceAgentConnected) {
		return conflict(vmi.Name, "VMI does not have guest agent connected")
	}
	return nil
}
