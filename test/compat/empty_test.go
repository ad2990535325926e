// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package compat

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// TestWhereEmptyListsAreLost tells which fields show an empty list that the storage does not tell from none, so that
// [] comes back as null. All other fields leave empty lists out of the JSON in the first place, as the published
// types do.
func TestWhereEmptyListsAreLost(t *testing.T) {
	// Of an object's own fields these are left. The defaults fill in an empty list of users; whoever makes use of the others,
	// which nobody does, has to fill them in as well.
	want := map[string]bool{
		"QemuGuestAgentSSHPublicKeyAccessCredentialPropagation.users": true,
		"NodeMediatedDeviceTypesConfig.mediatedDeviceTypes":           true,
		"NodeMediatedDeviceTypesConfig.nodeSelector":                  true,
	}
	got, seen := map[string]bool{}, map[reflect.Type]bool{}
	for _, object := range []any{v1.VirtualMachine{}, v1.VirtualMachineInstance{}, v1.KubeVirt{}} {
		lists(reflect.TypeOf(object), seen, got)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(- want, + got):\n%s", diff)
	}
}

// lists collects the lists and maps below t that are in the JSON even when they are empty.
func lists(t reflect.Type, seen map[reflect.Type]bool, found map[string]bool) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		lists(t.Elem(), seen, found)
		return
	case reflect.Struct:
	default:
		return
	}
	if seen[t] || !strings.HasSuffix(t.PkgPath(), "/apis/kubevirt/v1") {
		return
	}
	seen[t] = true
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if kind := f.Type.Kind(); name != "" && (kind == reflect.Slice || kind == reflect.Map) && !strings.Contains(options, "omitempty") {
			found[t.Name()+"."+name] = true
		}
		lists(f.Type, seen, found)
	}
}

// TestEmptyValuesStay holds that the storage tells an empty value from none where the API does.
func TestEmptyValuesStay(t *testing.T) {
	for _, c := range []struct{ kind, manifest string }{
		{"VirtualMachineInstance", `{"spec":{"startStrategy":"","domain":{"devices":{"rng":{},"autoattachVSOCK":false,
			"interfaces":[{"name":"","masquerade":{}}]},"memory":{"guest":"0"},"features":{"smm":{},"acpi":{}},"clock":{"utc":{"offsetSeconds":0}}},
			"networks":[{"name":"","pod":{}}],"terminationGracePeriodSeconds":0}}`},
		{"VirtualMachine", `{"spec":{"running":false,"template":null}}`},
		{"VirtualMachine", `{"spec":{"runStrategy":"","template":{"spec":{"domain":{"firmware":{"bootloader":{"efi":{}}}}}}}}`},
	} {
		p := pairOf(t, c.kind)
		theirs := p.newTheirs()
		decode(t, []byte(c.manifest), theirs)
		same(t, encode(t, theirs), encode(t, store(t, p, []byte(c.manifest))))
	}
}
