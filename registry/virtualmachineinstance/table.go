// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/frame"
)

// table prints instances.
var table = frame.Table[*v1.VirtualMachineInstance]{
	Columns: []metav1.TableColumnDefinition{
		frame.Name("instance"),
		frame.Age("instance"),
		frame.Column("Phase", "Step of the instance's life"),
		frame.Column("IP", "First address of the guest"),
		frame.Column("NodeName", "Node that runs the guest"),
		frame.Column("Ready", "Whether the guest runs and is ready"),
		frame.Wide("Live-Migratable", "Whether the guest can move to another node while it runs"),
		frame.Wide("Paused", "Whether the guest's CPUs are stopped"),
	},
	Row: func(vmi *v1.VirtualMachineInstance, name, age string) []any {
		ip := ""
		if len(vmi.Status.Interfaces) > 0 {
			ip = vmi.Status.Interfaces[0].IP
		}
		return []any{
			name, age, string(vmi.Status.Phase), ip, vmi.Status.NodeName,
			condition(vmi, v1.VirtualMachineInstanceReady), condition(vmi, "LiveMigratable"), condition(vmi, v1.VirtualMachineInstancePaused),
		}
	},
}

func condition(vmi *v1.VirtualMachineInstance, t v1.VirtualMachineInstanceConditionType) string {
	if c := vmi.Condition(t); c != nil {
		return string(c.Status)
	}
	return ""
}
