// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"strings"
	"testing"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func instance(namespace, name string) *v1.VirtualMachineInstance {
	vmi := &v1.VirtualMachineInstance{}
	vmi.Namespace, vmi.Name = namespace, name
	return vmi
}

func TestUUIDFollowsFromNamespaceAndName(t *testing.T) {
	first, err := UUID(instance("default", "demo"))
	if err != nil || first != "c8f23ed9-4fb7-5c77-84f2-a85f426b3f44" {
		t.Fatalf("got %s, %v: a guest would get a new identity with this version", first, err)
	}
	other, _ := UUID(instance("other", "demo"))
	if other == first {
		t.Error("two namespaces share a UUID")
	}
	vmi := instance("default", "demo")
	vmi.Spec.Domain.Firmware = &v1.Firmware{UUID: "5D307CA9-b3ef-428c-8861-06e72d69f223"}
	if got, err := UUID(vmi); err != nil || got != "5d307ca9-b3ef-428c-8861-06e72d69f223" {
		t.Errorf("got %s, %v", got, err)
	}
	vmi.Spec.Domain.Firmware.UUID = "nonsense"
	if _, err := UUID(vmi); err == nil || !strings.Contains(err.Error(), "spec.domain.firmware.uuid") {
		t.Errorf("got %v", err)
	}
}

func TestSerialFollowsFromNamespaceAndName(t *testing.T) {
	vmi := instance("default", "demo")
	first := Serial(vmi)
	if uuid, _ := UUID(vmi); first != Serial(instance("default", "demo")) || first == uuid || first == Serial(instance("other", "demo")) {
		t.Errorf("got %s", first)
	}
	vmi.Spec.Domain.Firmware = &v1.Firmware{Serial: "S-1"}
	if got := Serial(vmi); got != "S-1" {
		t.Errorf("got %s", got)
	}
}

func TestHostname(t *testing.T) {
	vmi := instance("default", "web.blue")
	if got := Hostname(vmi); got != "web" {
		t.Errorf("got %q", got)
	}
	vmi.Name = strings.Repeat("x", 100)
	if got := Hostname(vmi); len(got) != 63 {
		t.Errorf("%d characters", len(got))
	}
	vmi.Spec.Hostname = "own"
	if got := Hostname(vmi); got != "own" {
		t.Errorf("got %q", got)
	}
}

func TestLongDomainNamesStayApart(t *testing.T) {
	if got := Domain("default", "demo"); got != "default_demo" {
		t.Errorf("got %q", got)
	}
	long := strings.Repeat("x", 250)
	a, b := Domain("n", long+"a"), Domain("n", long+"b")
	if a == b || len(a) != maxDomain || len(b) != maxDomain {
		t.Errorf("got %q and %q", a, b)
	}
}
