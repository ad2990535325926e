// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"os"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// TestRules checks the cases of testdata/rules.txt, also those of fields that are not implemented.
func TestRules(t *testing.T) {
	text, err := os.ReadFile("testdata/rules.txt")
	if err != nil {
		t.Fatal(err)
	}
	cases := strings.Split(string(text), "\n== ")[1:]
	if len(cases) < 30 {
		t.Fatalf("testdata/rules.txt has %d cases", len(cases))
	}
	for _, c := range cases {
		name, rest, _ := strings.Cut(c, "\n")
		manifest, problems, _ := strings.Cut(rest, "\n->")
		t.Run(name, func(t *testing.T) {
			spec := v1.VirtualMachineInstanceSpec{}
			if err := yaml.UnmarshalStrict([]byte(manifest), &spec); err != nil {
				t.Fatal(err)
			}
			complete(&spec)
			var want []string
			if list := strings.TrimSpace(problems); list != "" {
				want = strings.Split(list, "\n")
			}
			compare(t, rules(&spec, field.NewPath("spec")), want)
		})
	}
}

// complete adds what the case is not about.
func complete(spec *v1.VirtualMachineInstanceSpec) {
	if spec.Domain.Memory == nil {
		spec.Domain.Memory = &v1.Memory{Guest: quantity("128Mi")}
	}
	if spec.Volumes == nil {
		for _, d := range spec.Domain.Devices.Disks {
			spec.Volumes = append(spec.Volumes, v1.Volume{
				Name: d.Name, VolumeSource: v1.VolumeSource{EmptyDisk: &v1.EmptyDiskSource{Capacity: *quantity("1Gi")}},
			})
		}
	}
	v1.SetInstanceSpecDefaults(spec)
}

func TestProblemsInsideOfARefusedFieldAreLeftOut(t *testing.T) {
	spec := field.NewPath("spec")
	refused := field.ErrorList{field.Forbidden(spec.Child("gpus"), "no"), field.Forbidden(spec.Child("disks").Index(1), "no")}
	compare(t, beside(refused, field.ErrorList{
		field.Required(spec.Child("gpus").Index(0).Child("name"), "gone"),
		field.Required(spec.Child("gpus"), "gone"),
		field.Required(spec.Child("gpusets"), "stays"),
		field.Required(spec.Child("disks").Index(1).Child("name"), "gone"),
		field.Required(spec.Child("disks").Index(10).Child("name"), "stays"),
	}), []string{
		"spec.gpus: Forbidden: no",
		"spec.disks[1]: Forbidden: no",
		"spec.gpusets: Required value: stays",
		"spec.disks[10].name: Required value: stays",
	})
}
