// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachine

import (
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

const vmPrefix = `Operation cannot be fulfilled on virtualmachine.kubevirt.io "demo": `

// dumped returns a virtual machine with a former dump.
func dumped(phase v1.MemoryDumpPhase, remove bool) *v1.VirtualMachine {
	vm := &v1.VirtualMachine{}
	vm.Name = "demo"
	vm.Status.MemoryDumpRequest = &v1.VirtualMachineMemoryDumpRequest{ClaimName: "pvc", Phase: phase, Remove: remove}
	return vm
}

func TestADumpWaitsForTheOneBefore(t *testing.T) {
	fresh := &v1.VirtualMachine{}
	for _, c := range []struct {
		name  string
		vm    *v1.VirtualMachine
		claim string
		want  string
	}{
		{"first", fresh, "pvc", ""},
		{"first without a claim", fresh, "", "Memory dump requires claim name to be set"},
		{"again", dumped(v1.MemoryDumpCompleted, false), "", ""},
		{"again after a failure", dumped(v1.MemoryDumpFailed, false), "pvc", ""},
		{"to another claim", dumped(v1.MemoryDumpCompleted, false), "other",
			vmPrefix + "can't request memory dump for pvc [other] while pvc [pvc] is still associated as the memory dump pvc"},
		{"at the same time", dumped(v1.MemoryDumpInProgress, false), "pvc", vmPrefix + "memory dump request for pvc [pvc] already in progress"},
		{"while the claim goes", dumped(v1.MemoryDumpDissociating, true), "pvc", vmPrefix + "can't dump memory for pvc [pvc] a remove memory dump request is in progress"},
	} {
		err := checkMemoryDump(c.vm, c.claim)
		if c.want == "" && err != nil || c.want != "" && (err == nil || err.Error() != c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func TestTheClaimOfADumpIsGivenFreeOnce(t *testing.T) {
	vm := dumped(v1.MemoryDumpCompleted, false)
	done, err := removeMemoryDump(vm)
	if got := vm.Status.MemoryDumpRequest; err != nil || done.part != theStatus || got.ClaimName != "pvc" || got.Phase != v1.MemoryDumpDissociating || !got.Remove {
		t.Errorf("%s, %v, %+v", done.part, err, got)
	}
	if _, err := removeMemoryDump(vm); !apierrors.IsConflict(err) || err.Error() != vmPrefix+"memory dump remove request for pvc [pvc] already exists" {
		t.Errorf("a second time: %v", err)
	}
	none := &v1.VirtualMachine{}
	none.Name = "demo"
	if _, err := removeMemoryDump(none); !apierrors.IsConflict(err) || err.Error() != vmPrefix+"can't remove memory dump association for vm demo, no association found" {
		t.Errorf("nothing there: %v", err)
	}
}
