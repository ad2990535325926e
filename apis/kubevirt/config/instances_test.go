// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/utils/ptr"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func small() *v1.VirtualMachineInstanceSpec {
	return &v1.VirtualMachineInstanceSpec{Domain: v1.DomainSpec{Memory: &v1.Memory{Guest: ptr.To(resource.MustParse("64Mi"))}}}
}

func chosenIn(spec *v1.VirtualMachineInstanceSpec) InstanceDefaults {
	return InstanceDefaults{spec.Domain.CPU.Model, spec.Domain.Machine.Type, *spec.EvictionStrategy}
}

func TestChosenDefaultsFillInWhatIsLeftOut(t *testing.T) {
	chosen := InstanceDefaults{CPUModel: "Nehalem", MachineType: "pc-q35-9.2", EvictionStrategy: v1.EvictionStrategyExternal}
	spec := small()
	chosen.Apply(spec)
	if got := chosenIn(spec); got != chosen {
		t.Errorf("got %+v, want %+v", got, chosen)
	}
	if len(spec.Networks) != 1 || spec.Domain.Devices.Interfaces[0].Masquerade == nil {
		t.Errorf("network is %v, %v", spec.Networks, spec.Domain.Devices.Interfaces)
	}

	own := small()
	own.Domain.CPU = &v1.CPU{Model: "host-passthrough"}
	own.Domain.Machine = &v1.Machine{Type: "q35"}
	own.EvictionStrategy = ptr.To(v1.EvictionStrategyNone)
	want := chosenIn(own)
	chosen.Apply(own)
	if got := chosenIn(own); got != want {
		t.Errorf("what the user typed became %+v, want %+v", got, want)
	}
}

func TestWithoutSettingsTheDefaultsAreThoseOfTheAPI(t *testing.T) {
	got, want := small(), small()
	InstanceDefaults{}.Apply(got)
	v1.SetInstanceSpecDefaults(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(- want, + got):\n%s", diff)
	}
}

func TestTheSameManifestBecomesTheSameInstanceUnderOtherSettings(t *testing.T) {
	decoded := func() *v1.VirtualMachineInstance {
		vmi := &v1.VirtualMachineInstance{Spec: *small()}
		v1.SetDefaults_VirtualMachineInstance(vmi)
		return vmi
	}
	stored, again := decoded(), decoded()
	InstanceDefaults{CPUModel: "Nehalem", MachineType: "pc-q35-9.2", EvictionStrategy: v1.EvictionStrategyExternal}.Apply(&stored.Spec)
	KeepChosen(&again.Spec, &stored.Spec)
	if diff := cmp.Diff(stored, again); diff != "" {
		t.Errorf("(- stored, + written again):\n%s", diff)
	}
	again.Spec.Domain.CPU.Model, again.Spec.Domain.Devices.Interfaces[0].Name = "EPYC", "changed"
	if stored.Spec.Domain.CPU.Model != "Nehalem" || stored.Spec.Domain.Devices.Interfaces[0].Name != "default" {
		t.Error("the two share memory")
	}

	other := decoded()
	other.Spec.Domain.CPU.Model, other.Spec.Domain.Machine = "EPYC", &v1.Machine{Type: "q35"}
	KeepChosen(&other.Spec, &stored.Spec)
	if got := chosenIn(&other.Spec); got != (InstanceDefaults{"EPYC", "q35", v1.EvictionStrategyExternal}) {
		t.Errorf("what was typed became %+v", got)
	}
}
