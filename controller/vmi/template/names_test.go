// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package template

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func named(name string, uid types.UID) *v1.VirtualMachineInstance {
	return &v1.VirtualMachineInstance{ObjectMeta: metav1.ObjectMeta{Name: name, UID: uid}}
}

func TestNameIsOnePerInstance(t *testing.T) {
	first := Name(named("demo", "a"))
	if first != Name(named("demo", "a")) {
		t.Error("two calls give two names")
	}
	if !strings.HasPrefix(first, "virt-launcher-demo-") {
		t.Errorf("%s does not show the instance", first)
	}
	if first == Name(named("demo", "b")) {
		t.Error("two instances of one name share a pod name")
	}
}

func TestNamesAreValid(t *testing.T) {
	for _, name := range []string{"a", "a.b", strings.Repeat("a", 43), strings.Repeat("a", 44) + ".b", strings.Repeat("a-", 60) + "a",
		strings.Repeat("a", 61) + "-.b", strings.Repeat("a", 253)} {
		vmi := named(name, "uid")
		if problems := validation.IsDNS1123Subdomain(Name(vmi)); len(problems) > 0 || len(Name(vmi)) > maxPodName {
			t.Errorf("pod name %q: %v", Name(vmi), problems)
		}
		if problems := validation.IsDNS1123Label(hostname(vmi)); len(problems) > 0 {
			t.Errorf("host name %q: %v", hostname(vmi), problems)
		}
		if problems := validation.IsValidLabelValue(labelValue(name)); len(problems) > 0 {
			t.Errorf("label %q: %v", labelValue(name), problems)
		}
	}
}
