// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package controller

import v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"

// Virtual machines and instances are written back whole, so that only what the API server ignores
// in a write may be dropped of them.

func trimVM(vm *v1.VirtualMachine) { vm.ManagedFields = nil }

func trimVMI(vmi *v1.VirtualMachineInstance) { vmi.ManagedFields = nil }
