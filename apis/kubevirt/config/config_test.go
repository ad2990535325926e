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

var comparer = cmp.AllowUnexported(Gates{})

// builtIn is what docs/configuration.md promises without an object.
var builtIn = Config{Launchers: Launchers{CPUAllocationRatio: 10, MemoryOvercommit: 100, OverheadRatio: 1, ImagePullPolicy: "IfNotPresent"}}

func TestDefaultsAreInForceWithoutSettings(t *testing.T) {
	for name, kv := range map[string]*v1.KubeVirt{
		"no object":         nil,
		"empty object":      withSpec(t, "{}"),
		"only empty groups": withSpec(t, "configuration: {architectureConfiguration: {amd64: {}}, developerConfiguration: {logVerbosity: {}}}"),
		"what no rule lets pass": withSpec(t, `configuration: {cpuRequest: "-1", imagePullPolicy: Sometimes, evictionStrategy: Panic,
  additionalGuestMemoryOverheadRatio: NaN, developerConfiguration: {memoryOvercommit: 1, cpuAllocationRatio: -10}}`),
	} {
		if diff := cmp.Diff(builtIn, From(kv), comparer); diff != "" {
			t.Errorf("%s (- want, + got):\n%s", name, diff)
		}
	}
}

func TestSettingsOfTheObjectAreInForce(t *testing.T) {
	got := From(withSpec(t, `configuration: {
  cpuModel: Nehalem, cpuRequest: 250m, imagePullPolicy: Always, evictionStrategy: LiveMigrate, additionalGuestMemoryOverheadRatio: "1.5",
  defaultRuntimeClass: kata, machineType: pc-q35-8.2, architectureConfiguration: {amd64: {machineType: pc-q35-9.2}},
  developerConfiguration: {memoryOvercommit: 150, cpuAllocationRatio: 1, nodeSelectors: {disk: ssd}, useEmulation: true,
    featureGates: [VSOCK], disabledFeatureGates: [Snapshot],
    logVerbosity: {virtAPI: 1, virtController: 2, virtHandler: 3, virtLauncher: 4, nodeVerbosity: {node-1: 99}}}}`))
	want := Config{
		Instances: InstanceDefaults{CPUModel: "Nehalem", MachineType: "pc-q35-9.2", EvictionStrategy: v1.EvictionStrategyLiveMigrate},
		Launchers: Launchers{
			UseEmulation: true, CPUAllocationRatio: 1, CPURequest: ptr.To(resource.MustParse("250m")), MemoryOvercommit: 150, OverheadRatio: 1.5,
			ImagePullPolicy: "Always", RuntimeClass: "kata", NodeSelector: map[string]string{"disk": "ssd"},
		},
		Verbosity: Verbosity{API: 1, Controller: 2, NodePlugin: 3, Launcher: 4, Nodes: map[string]int64{"node-1": 10}},
		Gates:     Gates{enabled: []string{"VSOCK"}, disabled: []string{"Snapshot"}},
	}
	if diff := cmp.Diff(want, got, comparer); diff != "" {
		t.Errorf("settings (- want, + got):\n%s", diff)
	}
}

func TestOneNodeCanLogMoreThanTheOthers(t *testing.T) {
	v := From(withSpec(t, "configuration: {developerConfiguration: {logVerbosity: {virtHandler: 3, nodeVerbosity: {node-1: 6, node-2: 0}}}}")).Verbosity
	for node, want := range map[string]int64{"node-1": 6, "node-2": 3, "node-3": 3} {
		if got := v.Node(node); got != want {
			t.Errorf("%s: %d, want %d", node, got, want)
		}
	}
}

func TestFeatureGates(t *testing.T) {
	g := From(withSpec(t, "configuration: {developerConfiguration: {featureGates: [VSOCK, Passt, Unheard], disabledFeatureGates: [Snapshot, GPU]}}")).Gates
	for name, want := range map[string]bool{
		"VSOCK": true, "HostDisk": false, // off until switched on
		"Snapshot": false, "ImageVolume": true, // on until switched off
		"GPU":   true, // on for good
		"Passt": false, "Unheard": false,
	} {
		if got := g.Enabled(name); got != want {
			t.Errorf("%s: %t, want %t", name, got, want)
		}
	}
}
