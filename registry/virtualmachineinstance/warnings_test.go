// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/virtplane/virtplane/apis/kubevirt/config"
	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func TestWarningsNameWhatChangesNothing(t *testing.T) {
	migrate, owner := v1.EvictionStrategyLiveMigrate, true
	const (
		sockets  = "spec.domain.cpu.maxSockets: is not used by this version of virtplane: CPUs cannot be added while the guest runs; a change of sockets takes effect with a restart"
		eviction = "spec.evictionStrategy: is not used by this version of virtplane: guests do not move to other nodes yet, so that every eviction shuts the guest down"
	)
	for _, c := range []struct {
		name     string
		settings config.InstanceDefaults
		change   func(*v1.VirtualMachineInstance)
		want     []string
	}{
		{"nothing", config.InstanceDefaults{}, func(*v1.VirtualMachineInstance) {}, nil},
		{"sockets", config.InstanceDefaults{}, func(vmi *v1.VirtualMachineInstance) { vmi.Spec.Domain.CPU = &v1.CPU{MaxSockets: 4} }, []string{sockets}},
		{"eviction", config.InstanceDefaults{}, func(vmi *v1.VirtualMachineInstance) { vmi.Spec.EvictionStrategy = &migrate }, []string{eviction}},
		{"eviction as the installation has it", config.InstanceDefaults{EvictionStrategy: migrate}, func(*v1.VirtualMachineInstance) {}, nil},
		{"of a virtual machine", config.InstanceDefaults{}, func(vmi *v1.VirtualMachineInstance) {
			vmi.Spec.Domain.CPU = &v1.CPU{MaxSockets: 4}
			vmi.OwnerReferences = []metav1.OwnerReference{{Kind: "VirtualMachine", Name: "demo", Controller: &owner}}
		}, nil},
	} {
		vmi := stored()
		c.change(vmi)
		s := strategy{settings: settings{c.settings}}
		s.PrepareForCreate(t.Context(), vmi)
		if got := s.WarningsOnCreate(t.Context(), vmi); !slices.Equal(got, c.want) {
			t.Errorf("%s: warnings %q, want %q", c.name, got, c.want)
		}
	}
}
