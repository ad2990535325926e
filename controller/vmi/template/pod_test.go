// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package template

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	psapi "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"

	"github.com/virtplane/virtplane/apis/kubevirt/config"
	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/controller/scenario"
)

var (
	withKVM       = launching(func(*config.Launchers) {})
	withEmulation = launching(func(l *config.Launchers) { l.UseEmulation, l.MemoryOvercommit = true, 150 })
)

// instances returns the instances of the test data with their defaults set, by name of the file.
func instances(t *testing.T) map[string]*v1.VirtualMachineInstance {
	t.Helper()
	files, err := filepath.Glob("testdata/*.vmi.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("find instances: %v, %d files", err, len(files))
	}
	out := map[string]*v1.VirtualMachineInstance{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		vmi := &v1.VirtualMachineInstance{}
		if err := yaml.UnmarshalStrict(text, vmi); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		v1.SetInstanceSpecDefaults(&vmi.Spec)
		out[strings.TrimSuffix(file, ".vmi.yaml")] = vmi
	}
	return out
}

// launching returns the defaults, changed.
func launching(change func(*config.Launchers)) Options {
	o := Options{Image: "virtplane.io/virt-launcher:dev", Launchers: config.From(nil).Launchers}
	change(&o.Launchers)
	return o
}

func mustPod(t *testing.T, vmi *v1.VirtualMachineInstance, options Options) *corev1.Pod {
	t.Helper()
	pod, err := Pod(vmi, options)
	if err != nil {
		t.Fatal(err)
	}
	return pod
}

func TestPods(t *testing.T) {
	for name, vmi := range instances(t) {
		for suffix, options := range map[string]Options{".kvm.pod.yaml": withKVM, ".emulation.pod.yaml": withEmulation} {
			t.Run(filepath.Base(name)+suffix, func(t *testing.T) {
				before := vmi.DeepCopy()
				got, err := yaml.Marshal(mustPod(t, vmi, options))
				if err != nil {
					t.Fatal(err)
				}
				scenario.Golden(t, name+suffix, got)
				if !equality.Semantic.DeepEqual(before, vmi) {
					t.Error("the instance has changed")
				}
			})
		}
	}
}

func TestPodsPassPodSecurityRestricted(t *testing.T) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	level := psapi.LevelVersion{Level: psapi.LevelRestricted, Version: psapi.LatestVersion()}
	for name, vmi := range instances(t) {
		pod := mustPod(t, vmi, withKVM)
		for _, result := range evaluator.EvaluatePod(level, &pod.ObjectMeta, &pod.Spec) {
			if !result.Allowed {
				t.Errorf("%s: %s: %s", name, result.ForbiddenReason, result.ForbiddenDetail)
			}
		}
		pod.Spec.Containers[0].SecurityContext.Capabilities = nil
		refused := false
		for _, result := range evaluator.EvaluatePod(level, &pod.ObjectMeta, &pod.Spec) {
			refused = refused || !result.Allowed
		}
		if !refused {
			t.Error("the evaluator refuses nothing")
		}
	}
}
