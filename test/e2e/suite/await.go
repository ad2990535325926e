// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"time"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// AwaitVM waits until a virtual machine was seen, now or later, in a state that fits; nil stands for none.
func (n *Namespace) AwaitVM(name, what string, timeout time.Duration, fits func(*v1.VirtualMachine) bool) *v1.VirtualMachine {
	n.Helper()
	return n.AwaitVMSince(time.Now(), name, what, timeout, fits)
}

// AwaitVMSince is AwaitVM from some time on.
func (n *Namespace) AwaitVMSince(since time.Time, name, what string, timeout time.Duration, fits func(*v1.VirtualMachine) bool) *v1.VirtualMachine {
	n.Helper()
	return await(n, n.History, name, since, timeout, what, fits)
}

// AwaitVMI waits until an instance was seen, now or later, in a state that fits; nil stands for none.
func (n *Namespace) AwaitVMI(name, what string, timeout time.Duration, fits func(*v1.VirtualMachineInstance) bool) *v1.VirtualMachineInstance {
	n.Helper()
	return n.AwaitVMISince(time.Now(), name, what, timeout, fits)
}

// AwaitVMISince is AwaitVMI from some time on.
func (n *Namespace) AwaitVMISince(since time.Time, name, what string, timeout time.Duration, fits func(*v1.VirtualMachineInstance) bool) *v1.VirtualMachineInstance {
	n.Helper()
	return await(n, n.History, name, since, timeout, what, fits)
}

// AwaitStatus waits until kubectl would show the virtual machine with that status.
func (n *Namespace) AwaitStatus(name string, status v1.VirtualMachinePrintableStatus) *v1.VirtualMachine {
	n.Helper()
	return n.AwaitVM(name, string(status), Boot, func(vm *v1.VirtualMachine) bool {
		return vm != nil && vm.Status.PrintableStatus == status
	})
}

// AwaitRunning waits until an instance runs and is ready.
func (n *Namespace) AwaitRunning(name string) *v1.VirtualMachineInstance {
	n.Helper()
	return n.AwaitVMI(name, "Running", Boot, func(vmi *v1.VirtualMachineInstance) bool {
		return vmi != nil && vmi.IsRunning() && vmi.HasCondition(v1.VirtualMachineInstanceReady) && vmi.DeletionTimestamp == nil
	})
}

// AwaitAgent waits until the guest's agent is connected, through which it hears at once of a stop.
func (n *Namespace) AwaitAgent(name string) {
	n.Helper()
	n.AwaitVMI(name, "connected to the agent", Boot, func(vmi *v1.VirtualMachineInstance) bool {
		return vmi != nil && vmi.HasCondition(v1.VirtualMachineInstanceAgentConnected)
	})
}

// AwaitOther waits until another instance than the given one runs.
func (n *Namespace) AwaitOther(than *v1.VirtualMachineInstance) *v1.VirtualMachineInstance {
	n.Helper()
	return n.AwaitVMI(than.Name, "Running as another instance", Boot, func(vmi *v1.VirtualMachineInstance) bool {
		return vmi != nil && vmi.IsRunning() && vmi.UID != than.UID
	})
}

// AwaitNoVMI waits until there is no instance of that name.
func (n *Namespace) AwaitNoVMI(name string) {
	n.Helper()
	n.AwaitVMI(name, "gone", Boot, func(vmi *v1.VirtualMachineInstance) bool { return vmi == nil })
}

// AwaitNoInstance waits until that instance is gone; another may have taken its name.
func (n *Namespace) AwaitNoInstance(old *v1.VirtualMachineInstance) {
	n.Helper()
	n.AwaitVMI(old.Name, "gone or another", Boot, func(vmi *v1.VirtualMachineInstance) bool {
		return vmi == nil || vmi.UID != old.UID
	})
}

// Never watches an instance for some time, in which it must not be in a state that fits.
func (n *Namespace) Never(name, what string, during time.Duration, fits func(*v1.VirtualMachineInstance) bool) {
	n.Helper()
	vmi, found := seek(n, n.History, name, time.Now(), during, fits)
	if found {
		n.Fatalf("instance %s is %s: %s", name, what, show(vmi))
	}
}
