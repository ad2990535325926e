// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// manifest returns a virtual machine as a user types it.
func manifest(name, spec string) string {
	return `{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachine","metadata":{"name":"` + name + `"},"spec":` + spec + `}`
}

const diskSpec = `{"runStrategy":"Halted","template":{"spec":{"domain":{"memory":{"guest":"128Mi"},"devices":{"disks":[{"name":"root","disk":{"bus":"virtio"}}]}},` +
	`"volumes":[{"name":"root","containerDisk":{"image":"example.com/guest:1"}}]}}}`

// TestApplyOfAnInstanceTwiceWritesOnce holds that the defaults that are stored in an instance are no
// difference to what its manifest says.
func TestApplyOfAnInstanceTwiceWritesOnce(t *testing.T) {
	ns := newNamespace(t)
	body := strings.NewReplacer(`"VirtualMachine"`, `"VirtualMachineInstance"`).Replace(manifest("demo",
		`{"domain":{"memory":{"guest":"128Mi"}},"volumes":[{"name":"root","containerDisk":{"image":"example.com/guest:1"}}]}`))
	var versions []string
	for range 2 {
		vmi := must(instances(ns).Patch(t.Context(), "demo", types.ApplyPatchType, []byte(body), metav1.PatchOptions{FieldManager: "gitops"}))(t)
		versions = append(versions, vmi.ResourceVersion)
	}
	if versions[0] != versions[1] {
		t.Errorf("the second apply of an instance wrote version %s over %s", versions[1], versions[0])
	}
}
