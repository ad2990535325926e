// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"strconv"

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
		frame.Wide("CPUs", "Number of CPUs of the guest"),
		frame.Wide("Memory", "Memory of the guest"),
		frame.Wide("Guest", "Operating system, as the guest agent says"),
	},
	Row: func(vmi *v1.VirtualMachineInstance, name, age string) []any {
		ip := ""
		if len(vmi.Status.Interfaces) > 0 {
			ip = vmi.Status.Interfaces[0].IP
		}
		return []any{
			name, age, string(vmi.Status.Phase), ip, vmi.Status.NodeName,
			condition(vmi, v1.VirtualMachineInstanceReady), condition(vmi, "LiveMigratable"), condition(vmi, v1.VirtualMachineInstancePaused),
			cpus(vmi), memory(vmi), vmi.Status.GuestOSInfo.PrettyName,
		}
	},
}

func condition(vmi *v1.VirtualMachineInstance, t v1.VirtualMachineInstanceConditionType) string {
	if c := vmi.Condition(t); c != nil {
		return string(c.Status)
	}
	return ""
}

// cpus is what the guest has, or nothing before it runs.
func cpus(vmi *v1.VirtualMachineInstance) string {
	t := vmi.Status.CurrentCPUTopology
	if t == nil {
		return ""
	}
	return strconv.FormatUint(uint64(max(t.Cores, 1))*uint64(max(t.Sockets, 1))*uint64(max(t.Threads, 1)), 10)
}

// memory is what the guest has, or nothing before it runs.
func memory(vmi *v1.VirtualMachineInstance) string {
	if m := vmi.Status.Memory; m != nil && m.GuestCurrent != nil {
		return m.GuestCurrent.String()
	}
	return ""
}
