// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package support

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/randfill"
	"sigs.k8s.io/yaml"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func instanceSpec(t *testing.T, manifest string) *v1.VirtualMachineInstanceSpec {
	t.Helper()
	spec := &v1.VirtualMachineInstanceSpec{}
	if err := yaml.UnmarshalStrict([]byte(manifest), spec); err != nil {
		t.Fatal(err)
	}
	return spec
}

func messages(errs field.ErrorList) []string {
	var list []string
	for _, err := range errs {
		list = append(list, err.Error())
	}
	return list
}

// check judges a manifest by a table of its own: what virtplane implements changes.
func check(t *testing.T, manifest string, rules ...Rule) []string {
	t.Helper()
	tree, _ := compile(reflect.TypeFor[v1.VirtualMachineInstanceSpec](), "spec", "", rules, (*Rule).refuses)
	return messages(refusals(tree, reflect.ValueOf(instanceSpec(t, manifest)).Elem(), field.NewPath("spec", "template", "spec")))
}

func TestRefusalsNameTheFieldAsTyped(t *testing.T) {
	got := check(t, `
domain:
  cpu: {dedicatedCpuPlacement: true}
  rebootPolicy: Terminate
  devices:
    disks:
    - name: a
      errorPolicy: stop
    - name: b
      shareable: true
      errorPolicy: ignore
    - name: c
      lun: {}
    gpus: [{name: gpu}]
volumes:
- name: a
  persistentVolumeClaim: {claimName: x}
`,
		refused("spec.domain.cpu.dedicatedCpuPlacement", "dedicated CPUs are", "remove the field"),
		implemented("spec.domain.rebootPolicy").only("Reboot"),
		refused("spec.domain.devices.disks[].shareable", "shared disks are", "remove the field"),
		implemented("spec.domain.devices.disks[].errorPolicy").only("stop", "report"),
		refused("spec.domain.devices.disks[].lun", "LUNs are", "use disk"),
		refused("spec.domain.devices.gpus", "GPUs are", "remove the field"),
		refused("spec.volumes[].persistentVolumeClaim", "claims are", "use emptyDisk"),
	)
	const refused = " not supported by this version of virtplane; "
	want := []string{
		`spec.template.spec.domain.cpu.dedicatedCpuPlacement: Forbidden: dedicated CPUs are` + refused + `remove the field`,
		`spec.template.spec.domain.devices.disks[1].errorPolicy: Unsupported value: "ignore": supported values: "stop", "report"`,
		`spec.template.spec.domain.devices.disks[1].shareable: Forbidden: shared disks are` + refused + `remove the field`,
		`spec.template.spec.domain.devices.disks[2].lun: Forbidden: LUNs are` + refused + `use disk`,
		`spec.template.spec.domain.devices.gpus: Forbidden: GPUs are` + refused + `remove the field`,
		`spec.template.spec.domain.rebootPolicy: Unsupported value: "Terminate": supported values: "Reboot"`,
		`spec.template.spec.volumes[0].persistentVolumeClaim: Forbidden: claims are` + refused + `use emptyDisk`,
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(- want, + got):\n%s", diff)
	}
}

func TestWhatAsksForNothingIsNotRefused(t *testing.T) {
	got := check(t, `
domain:
  cpu: {dedicatedCpuPlacement: false}
  features:
    smm: {enabled: false}
    kvm: {hidden: false}
  devices:
    autoattachVSOCK: false
    tpm: {enabled: false}
    gpus: []
    disks:
    - name: a
      shareable: false
      disk: {pciAddress: ""}
`,
		refused("spec.domain.cpu.dedicatedCpuPlacement", "it is"),
		refused("spec.domain.features.smm", "it is"),
		refused("spec.domain.features.kvm.hidden", "it is"),
		refused("spec.domain.devices.autoattachVSOCK", "it is"),
		refused("spec.domain.devices.tpm", "it is"),
		refused("spec.domain.devices.gpus", "it is"),
		refused("spec.domain.devices.disks[].shareable", "it is"),
		refused("spec.domain.devices.disks[].disk.pciAddress", "it is"),
	)
	if len(got) > 0 {
		t.Errorf("got %q", got)
	}
}

func TestWhatIsLeftOutCanStandForARefusedValue(t *testing.T) {
	rule := implemented("spec.domain.firmware.bootloader.efi.secureBoot").only("false").unset("true")
	const at = `spec.template.spec.domain.firmware.bootloader.efi.secureBoot: Unsupported value: "true": supported values: "false"`
	for manifest, want := range map[string][]string{
		"domain: {}": nil,
		"domain: {firmware: {bootloader: {bios: {}}}}":                 nil,
		"domain: {firmware: {bootloader: {efi: {secureBoot: false}}}}": nil,
		"domain: {firmware: {bootloader: {efi: {secureBoot: true}}}}":  {at},
		"domain: {firmware: {bootloader: {efi: {}}}}":                  {at},
	} {
		if diff := cmp.Diff(want, check(t, manifest, rule)); diff != "" {
			t.Errorf("%s: (- want, + got):\n%s", manifest, diff)
		}
	}
}

func TestRefusedVM(t *testing.T) {
	strategy := v1.VirtualMachineRunStrategy("Sometimes")
	spec := &v1.VirtualMachineSpec{
		RunStrategy: &strategy,
		Template:    &v1.VirtualMachineInstanceTemplateSpec{Spec: *instanceSpec(t, "domain: {launchSecurity: {tdx: {}}}")},
	}
	got := messages(RefusedVM(spec, field.NewPath("spec")))
	if len(got) != 1 || !strings.HasPrefix(got[0], `spec.runStrategy: Unsupported value: "Sometimes": supported values: "Always", "Halted"`) {
		t.Errorf("got %q", got)
	}
}

func TestUnusedFieldsAreTold(t *testing.T) {
	tree, _ := compile(reflect.TypeFor[v1.VirtualMachineInstanceSpec](), "spec", "", []Rule{
		stored("spec.domain.memory.maxGuest", "memory stays as it is"),
		stored("spec.domain.devices.blockMultiQueue", "there is one queue"),
		stored("spec.domain.devices.disks[].tag", "nobody reads it"),
	}, (*Rule).changesNothing)
	spec := instanceSpec(t, `
domain:
  memory: {maxGuest: 4Gi}
  devices:
    blockMultiQueue: false
    disks: [{name: a, tag: b}]
`)
	want := []string{
		"spec.domain.memory.maxGuest: is not used by this version of virtplane: memory stays as it is",
		"spec.domain.devices.disks[0].tag: is not used by this version of virtplane: nobody reads it",
	}
	if diff := cmp.Diff(want, warnings(tree, reflect.ValueOf(spec).Elem(), field.NewPath("spec"))); diff != "" {
		t.Errorf("(- want, + got):\n%s", diff)
	}
}

// TestEveryRefusedFieldIsRefused sets one field after the other, as a user could.
func TestEveryRefusedFieldIsRefused(t *testing.T) {
	for _, l := range leaves(reflect.TypeFor[v1.VirtualMachineInstanceSpec](), "spec", "") {
		rule := ruleOf(l.path)
		spec := &v1.VirtualMachineInstanceSpec{}
		fill(reflect.ValueOf(spec).Elem(), l.steps)
		if rule.Level == LevelImplemented && rule.Values != nil {
			continue // their values have tests of their own
		}
		errs := Refused(spec, field.NewPath("spec"))
		path := strings.ReplaceAll(rule.Path, "[]", "[0]")
		text, _ := json.Marshal(spec)
		switch {
		case rule.Level != LevelRefused && len(errs) > 0:
			t.Errorf("%s is %s, and refused: %v: %s", l.path, rule.Level, errs, text)
		case rule.Level == LevelRefused && (len(errs) != 1 || errs[0].Field != path):
			t.Errorf("%s is refused at %v, want one refusal at %s: %s", l.path, errs, path, text)
		}
	}
}

func ruleOf(path string) Rule {
	for _, r := range Instance() {
		if path == r.Path || strings.HasPrefix(path, r.Path+".") || strings.HasPrefix(path, r.Path+"[]") {
			return r
		}
	}
	return Rule{}
}

// fill sets the field that the steps lead to, and of the rest only what is on the way.
func fill(v reflect.Value, steps []step) {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Slice {
		if v.Kind() == reflect.Pointer {
			v.Set(reflect.New(v.Type().Elem()))
			v = v.Elem()
			continue
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		v = v.Index(0)
	}
	if len(steps) > 0 {
		fill(v.Field(steps[0].index), steps[1:])
		return
	}
	for range 100 {
		if v.Kind() == reflect.Bool {
			v.SetBool(true)
		} else if !v.CanInterface() || v.Type().NumMethod() == 0 || v.IsZero() {
			randfill.New().NilChance(0).NumElements(1, 1).MaxDepth(3).Fill(v.Addr().Interface())
		}
		if !v.IsZero() {
			return
		}
	}
}

func BenchmarkRefused(b *testing.B) {
	spec := &v1.VirtualMachineInstanceSpec{}
	for range 4 {
		spec.Domain.Devices.Disks = append(spec.Domain.Devices.Disks, v1.Disk{Name: "disk", DiskDevice: v1.DiskDevice{Disk: &v1.DiskTarget{Bus: "virtio"}}})
		spec.Volumes = append(spec.Volumes, v1.Volume{Name: "disk", VolumeSource: v1.VolumeSource{ContainerDisk: &v1.ContainerDiskSource{Image: "a"}}})
	}
	path := field.NewPath("spec")
	b.ReportAllocs()
	for b.Loop() {
		if errs := Refused(spec, path); len(errs) > 0 {
			b.Fatal(errs)
		}
	}
}
