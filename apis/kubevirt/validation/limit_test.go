// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func TestAnAnswerNamesABoundedNumberOfProblems(t *testing.T) {
	vm := &v1.VirtualMachine{Spec: v1.VirtualMachineSpec{Template: &v1.VirtualMachineInstanceTemplateSpec{}}}
	vm.Name, vm.Namespace = "demo", "default"
	for i := range 1000 {
		disk := v1.Disk{Name: fmt.Sprint("d", i), DiskDevice: v1.DiskDevice{Disk: &v1.DiskTarget{Bus: "ide"}}}
		vm.Spec.Template.Spec.Domain.Devices.Disks = append(vm.Spec.Template.Spec.Domain.Devices.Disks, disk)
	}
	errs := VirtualMachine(vm)
	if len(errs) != mostProblems+1 {
		t.Fatalf("%d problems, want %d and how many more there are", len(errs), mostProblems)
	}
	all := len(unlimited(vm))
	if last, want := errs[mostProblems].Error(), fmt.Sprintf("spec: Forbidden: there are %d more problems; correct these first", all-mostProblems); last != want {
		t.Errorf("the last one is %q, want %q", last, want)
	}
	vm.Spec.Template.Spec.Domain.Devices.Disks = vm.Spec.Template.Spec.Domain.Devices.Disks[:10]
	if got, want := len(VirtualMachine(vm)), len(unlimited(vm)); got != want {
		t.Errorf("%d of %d problems are named", got, want)
	}
}

func TestAnAnswerShowsABoundedPartOfAValue(t *testing.T) {
	vm := machine(func(s *v1.VirtualMachineInstanceSpec) {
		s.Domain.Machine = &v1.Machine{Type: strings.Repeat("ü", 1<<20)}
		s.Domain.Devices.Disks[0].Cache = v1.DriverCache(strings.Repeat("c", 1<<20))
		s.Hostname = strings.Repeat("h", 1<<20)
	})
	errs := VirtualMachine(vm)
	if len(errs) != 3 {
		t.Errorf("%d problems, want 3", len(errs))
	}
	for _, err := range errs {
		if text := err.Error(); len(text) > 3*mostText || !utf8.ValidString(text) {
			t.Errorf("%s takes %d bytes (UTF-8: %t)", err.Field, len(text), utf8.ValidString(text))
		}
	}
}
