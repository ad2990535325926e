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

func TestRefusedNamesTheFieldAsTyped(t *testing.T) {
	spec := instanceSpec(t, `
domain:
  cpu: {dedicatedCpuPlacement: true}
  firmware: {bootloader: {efi: {persistent: true}}}
  devices:
    disks:
    - name: a
    - name: b
      shareable: true
    - name: c
      lun: {}
    interfaces:
    - name: default
      bridge: {}
      state: absent
    gpus: [{name: gpu}]
volumes:
- name: a
  persistentVolumeClaim: {claimName: x}
`)
	const refused = " not supported by this version of virtplane; "
	want := []string{
		`spec.template.spec.domain.cpu.dedicatedCpuPlacement: Forbidden: dedicated CPUs are` + refused + `use resources.requests.cpu to reserve CPU time`,
		`spec.template.spec.domain.devices.disks[1].shareable: Forbidden: disks of several virtual machines are` + refused + `remove the field`,
		`spec.template.spec.domain.devices.interfaces[0].state: Unsupported value: "absent": supported values: "up", "down"`,
		`spec.template.spec.domain.devices.disks[2].lun: Forbidden: SCSI pass-through is` + refused + `use disk`,
		`spec.template.spec.domain.devices.interfaces[0].bridge: Forbidden: bridge interfaces are` + refused + `use masquerade`,
		`spec.template.spec.domain.devices.gpus: Forbidden: GPUs are` + refused + `remove the field`,
		`spec.template.spec.domain.firmware.bootloader.efi.persistent: Unsupported value: "true": supported values: "false"`,
		`spec.template.spec.volumes[0].persistentVolumeClaim: Forbidden: claims as disks are` + refused + `use containerDisk or emptyDisk`,
	}
	got := messages(Refused(spec, field.NewPath("spec", "template", "spec")))
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(- want, + got):\n%s", diff)
	}
}

func TestWhatIsSwitchedOffIsNotRefused(t *testing.T) {
	spec := instanceSpec(t, `
domain:
  cpu: {dedicatedCpuPlacement: false}
  features:
    smm: {enabled: false}
    kvm: {hidden: false}
  clock: {utc: {}, timer: {}}
  devices:
    autoattachVSOCK: false
    tpm: {enabled: false}
    gpus: []
    disks:
    - name: a
      shareable: false
      disk: {pciAddress: ""}
`)
	if errs := Refused(spec, field.NewPath("spec")); len(errs) > 0 {
		t.Errorf("got %q", messages(errs))
	}
}

func TestRefusedVM(t *testing.T) {
	strategy, update := v1.RunStrategyWaitAsReceiver, v1.UpdateVolumesStrategyMigration
	spec := &v1.VirtualMachineSpec{
		RunStrategy:           &strategy,
		Instancetype:          &v1.InstancetypeMatcher{Name: "small"},
		UpdateVolumesStrategy: &update,
		Template:              &v1.VirtualMachineInstanceTemplateSpec{Spec: *instanceSpec(t, "domain: {launchSecurity: {}}")},
	}
	want := []string{
		`spec.runStrategy: Unsupported value: "WaitAsReceiver": supported values: "Always", "Halted", "Manual", "RerunOnFailure", "Once"`,
		`spec.instancetype: Forbidden: instance types are not supported by this version of virtplane; write CPU, memory and devices into the template`,
		`spec.updateVolumesStrategy: Unsupported value: "Migration": supported values: "Replacement"`,
	}
	if diff := cmp.Diff(want, messages(RefusedVM(spec, field.NewPath("spec")))); diff != "" {
		t.Errorf("(- want, + got):\n%s", diff)
	}
}

func TestUnusedFieldsAreTold(t *testing.T) {
	spec := instanceSpec(t, `
domain:
  memory: {maxGuest: 4Gi}
  devices:
    blockMultiQueue: false
    disks: [{name: a, tag: b}]
`)
	want := []string{
		"spec.domain.memory.maxGuest: is not used by this version of virtplane: memory cannot be added while the guest runs; a change of guest takes effect with a restart",
		"spec.domain.devices.disks[0].tag: is not used by this version of virtplane: tags are shown to guests by config drives alone, which are refused",
	}
	if diff := cmp.Diff(want, Unused(spec, field.NewPath("spec"))); diff != "" {
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
