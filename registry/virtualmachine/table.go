// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachine

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/frame"
)

// table prints virtual machines.
var table = frame.Table[*v1.VirtualMachine]{
	Columns: []metav1.TableColumnDefinition{
		frame.Name("virtual machine"),
		frame.Age("virtual machine"),
		frame.Column("Status", "What the virtual machine does"),
		frame.Column("Ready", "Whether the guest runs and is ready"),
		frame.Wide("RunStrategy", "When the virtual machine shall run"),
		frame.Wide("Restart-Required", "Whether changes wait for a restart"),
	},
	Row: func(vm *v1.VirtualMachine, name, age string) []any {
		return []any{
			name, age, status(vm), condition(vm, v1.VirtualMachineReady),
			string(vm.EffectiveRunStrategy()), condition(vm, v1.VirtualMachineRestartRequired),
		}
	},
}

// status says Terminating as soon as the deletion is asked for; the controller writes it only when it takes long.
func status(vm *v1.VirtualMachine) string {
	if vm.DeletionTimestamp != nil {
		return string(v1.VirtualMachineStatusTerminating)
	}
	return string(vm.Status.PrintableStatus)
}

func condition(vm *v1.VirtualMachine, t v1.VirtualMachineConditionType) string {
	if c := vm.Condition(t); c != nil {
		return string(c.Status)
	}
	return ""
}
