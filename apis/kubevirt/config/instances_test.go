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

func TestChosenDefaultsFillInWhatIsLeftOut(t *testing.T) {
	chosen := InstanceDefaults{CPUModel: "Nehalem", MachineType: "pc-q35-9.2", EvictionStrategy: v1.EvictionStrategyExternal}
	spec := small()
	chosen.Apply(spec)
	if got := LikeOf(spec); got != chosen {
		t.Errorf("got %+v, want %+v", got, chosen)
	}
	if len(spec.Networks) != 1 || spec.Domain.Devices.Interfaces[0].Masquerade == nil {
		t.Errorf("network is %v, %v", spec.Networks, spec.Domain.Devices.Interfaces)
	}

	own := small()
	own.Domain.CPU = &v1.CPU{Model: "host-passthrough"}
	own.Domain.Machine = &v1.Machine{Type: "q35"}
	own.EvictionStrategy = ptr.To(v1.EvictionStrategyNone)
	want := LikeOf(own)
	chosen.Apply(own)
	if got := LikeOf(own); got != want {
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
	stored, again := small(), small()
	InstanceDefaults{CPUModel: "Nehalem", MachineType: "pc-q35-9.2", EvictionStrategy: v1.EvictionStrategyExternal}.Apply(stored)
	LikeOf(stored).Apply(again)
	if diff := cmp.Diff(stored, again); diff != "" {
		t.Errorf("(- stored, + written again):\n%s", diff)
	}
}
