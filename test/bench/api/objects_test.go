// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"testing"

	"github.com/virtplane/virtplane/apis/kubevirt/validation"
)

func TestTheTypicalVirtualMachineIsValid(t *testing.T) {
	vm := machine("web")
	vm.Namespace = "default"
	if errs := validation.VirtualMachine(vm); len(errs) > 0 {
		t.Error(errs.ToAggregate())
	}
}

func TestBothKindsOfObjectsAreOfTheTypicalSize(t *testing.T) {
	data, err := json.Marshal(configMap("vm-00000"))
	if err != nil {
		t.Fatal(err)
	}
	for what, size := range map[string]int{"virtual machine": machineSize(), "ConfigMap": len(data)} {
		if size < 2300 || size > 3300 {
			t.Errorf("the %s has %d bytes as JSON", what, size)
		}
	}
}
