// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// badInput is an object that a user may type, and what the server says to it.
type badInput struct {
	name    string
	kind    string
	spec    string
	code    int
	message string
	// fields of the causes, one for each problem
	fields []string
}

func (b badInput) post(t *testing.T, namespace string) *metav1.Status {
	t.Helper()
	resource := strings.ToLower(b.kind) + "s"
	body := `{"apiVersion":"kubevirt.io/v1","kind":"` + b.kind + `","metadata":{"name":"bad"},"spec":` + b.spec + `}`
	a := call(t, cluster.direct, http.MethodPost, pathOf("kubevirt.io", namespace, resource, "")+"?fieldValidation=Strict", body,
		map[string]string{"Content-Type": "application/json"})
	if a.code != b.code {
		t.Fatalf("code %d, want %d: %s", a.code, b.code, a.body)
	}
	return a.status(t)
}

func TestBadInputIsRefusedWithItsField(t *testing.T) {
	ns := newNamespace(t)
	const memory = `"memory":{"guest":"128Mi"}`
	for _, b := range []badInput{
		{"VM without template", "VirtualMachine", `{"runStrategy":"Always"}`, 422,
			`VirtualMachine.kubevirt.io "bad" is invalid: spec.template: Required value: missing virtual machine template.`,
			[]string{"spec.template"}},
		{"disk without volume", "VirtualMachine", `{"runStrategy":"Always","template":{"spec":{"domain":{` + memory + `,"devices":{"disks":[{"name":"root","disk":{}}]}}}}}`, 422,
			`VirtualMachine.kubevirt.io "bad" is invalid: spec.template.spec.domain.devices.disks[0].name: Invalid value: "root": spec.template.spec.volumes has no volume 'root' for this disk`,
			[]string{"spec.template.spec.domain.devices.disks[0].name"}},
		{"both running and runStrategy", "VirtualMachine", `{"running":true,"runStrategy":"Always","template":{"spec":{"domain":{` + memory + `}}}}`, 422,
			`VirtualMachine.kubevirt.io "bad" is invalid: spec.running: Invalid value: true: Running and RunStrategy are mutually exclusive. Note that Running is deprecated, please use RunStrategy instead`,
			[]string{"spec.running"}},
		{"neither of them", "VirtualMachine", `{"template":{"spec":{"domain":{` + memory + `}}}}`, 422,
			`VirtualMachine.kubevirt.io "bad" is invalid: spec.runStrategy: Required value: RunStrategy must be specified: Always, Halted, Manual, RerunOnFailure, Once`,
			[]string{"spec.runStrategy"}},
		{"unknown field", "VirtualMachine", `{"runStrategy":"Always","template":{"spec":{"domain":{"memry":{"guest":"128Mi"}}}}}`, 400,
			`VirtualMachine in version "v1" cannot be handled as a VirtualMachine: strict decoding error: unknown field "spec.template.spec.domain.memry"`, nil},
		{"field twice", "VirtualMachine", `{"runStrategy":"Always","runStrategy":"Halted","template":{"spec":{"domain":{` + memory + `}}}}`, 400,
			`VirtualMachine in version "v1" cannot be handled as a VirtualMachine: strict decoding error: duplicate field "spec.runStrategy"`, nil},
		{"field of the wrong type", "VirtualMachine", `{"runStrategy":7}`, 400,
			`VirtualMachine in version "v1" cannot be handled as a VirtualMachine: json: cannot unmarshal number into Go struct field VirtualMachineSpec.spec.runStrategy of type v1.VirtualMachineRunStrategy`, nil},
		{"memory that is no quantity", "VirtualMachine", `{"runStrategy":"Always","template":{"spec":{"domain":{"memory":{"guest":"lots"}}}}}`, 400,
			`VirtualMachine in version "v1" cannot be handled as a VirtualMachine: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`, nil},
		{"memory of 0", "VirtualMachine", `{"runStrategy":"Always","template":{"spec":{"domain":{"memory":{"guest":"0"}}}}}`, 422,
			`VirtualMachine.kubevirt.io "bad" is invalid: spec.template.spec.domain.memory.guest: Invalid value: "0": must be at least 1M`,
			[]string{"spec.template.spec.domain.memory.guest"}},
		{"memory request of 0", "VirtualMachine", `{"runStrategy":"Always","template":{"spec":{"domain":{"resources":{"requests":{"memory":"0"}}}}}}`, 422,
			`VirtualMachine.kubevirt.io "bad" is invalid: spec.template.spec.domain.resources.requests.memory: Invalid value: "0": must be at least 1M`,
			[]string{"spec.template.spec.domain.resources.requests.memory"}},
		{"no memory", "VirtualMachine", `{"runStrategy":"Always","template":{"spec":{"domain":{}}}}`, 422,
			`VirtualMachine.kubevirt.io "bad" is invalid: spec.template.spec.domain.memory.guest: Required value: no memory requested, at least one of memory.guest, resources.requests.memory and resources.limits.memory must be set`,
			[]string{"spec.template.spec.domain.memory.guest"}},
		{"everything at once", "VirtualMachine", `{"running":true,"runStrategy":"Always","template":{"metadata":{"labels":{"kubevirt.io/nodeName":"n"}},"spec":{"domain":{"memory":{"guest":"0"},` +
			`"devices":{"disks":[{"name":"root","disk":{"bus":"ide"}}]}},"networks":[{"name":"default","pod":{}}]}}}`, 422,
			`VirtualMachine.kubevirt.io "bad" is invalid: [` + strings.Join([]string{
				`spec.running: Invalid value: true: Running and RunStrategy are mutually exclusive. Note that Running is deprecated, please use RunStrategy instead`,
				`spec.template.metadata.labels[kubevirt.io/nodeName]: Forbidden: creation of the following reserved kubevirt.io/ labels on a VMI object is prohibited`,
				`spec.template.spec.domain.memory.guest: Invalid value: "0": must be at least 1M`,
				`spec.template.spec.domain.devices.disks[0].disk.bus: Unsupported value: "ide": supported values: "virtio", "sata", "scsi", "usb"`,
				`spec.template.spec.domain.devices.disks[0].name: Invalid value: "root": spec.template.spec.volumes has no volume 'root' for this disk`,
				`spec.template.spec.networks[0].name: Invalid value: "default": spec.template.spec.domain.devices.interfaces has no interface of this name`,
			}, ", ") + `]`,
			[]string{
				"spec.running", "spec.template.metadata.labels[kubevirt.io/nodeName]", "spec.template.spec.domain.memory.guest",
				"spec.template.spec.domain.devices.disks[0].disk.bus", "spec.template.spec.domain.devices.disks[0].name", "spec.template.spec.networks[0].name",
			}},
		{"instance with memory of 0", "VirtualMachineInstance", `{"domain":{"memory":{"guest":"0"}}}`, 422,
			`VirtualMachineInstance.kubevirt.io "bad" is invalid: spec.domain.memory.guest: Invalid value: "0": must be at least 1M`,
			[]string{"spec.domain.memory.guest"}},
		{"instance with an unknown field", "VirtualMachineInstance", `{"domain":{` + memory + `,"cpus":2}}`, 400,
			`VirtualMachineInstance in version "v1" cannot be handled as a VirtualMachineInstance: strict decoding error: unknown field "spec.domain.cpus"`, nil},
		{"field that is not there yet", "VirtualMachineInstance", `{"domain":{` + memory + `},"volumes":[{"name":"a","persistentVolumeClaim":{"claimName":"c"}}]}`, 422,
			`VirtualMachineInstance.kubevirt.io "bad" is invalid: spec.volumes[0].persistentVolumeClaim: Forbidden: claims as disks are not supported by this version of virtplane; use containerDisk or emptyDisk`,
			[]string{"spec.volumes[0].persistentVolumeClaim"}},
	} {
		t.Run(b.name, func(t *testing.T) {
			status := b.post(t, ns)
			if status.Message != b.message {
				t.Errorf("message\n  %s\nwant\n  %s", status.Message, b.message)
			}
			var fields []string
			if status.Details != nil {
				for _, cause := range status.Details.Causes {
					fields = append(fields, cause.Field)
				}
			}
			if b.code == http.StatusUnprocessableEntity && (status.Reason != metav1.StatusReasonInvalid || !slices.Equal(fields, b.fields)) {
				t.Errorf("reason %s, causes %v, want Invalid and %v", status.Reason, fields, b.fields)
			}
		})
	}
	if left := must(machines(ns).List(t.Context(), metav1.ListOptions{}))(t); len(left.Items) != 0 {
		t.Errorf("bad objects were stored: %v", names(left))
	}
}

func TestUnknownFieldsWarnWhenTheyAreNotRefused(t *testing.T) {
	ns := newNamespace(t)
	body := manifest("demo", `{"runStrategy":"Always","tmplate":{},"template":{"spec":{"domain":{"memory":{"guest":"128Mi"}}}}}`)
	a := call(t, cluster.direct, http.MethodPost, pathOf("kubevirt.io", ns, "virtualmachines", ""), body, map[string]string{"Content-Type": "application/json"})
	if got := a.header.Values("Warning"); a.code != http.StatusCreated || len(got) != 1 || got[0] != `299 - "unknown field \"spec.tmplate\""` {
		t.Errorf("%d, warnings %q", a.code, got)
	}
	body = manifest("old", `{"running":false,"template":{"spec":{"domain":{"memory":{"guest":"128Mi"}}}}}`)
	a = call(t, cluster.direct, http.MethodPost, pathOf("kubevirt.io", ns, "virtualmachines", ""), body, map[string]string{"Content-Type": "application/json"})
	if got := a.header.Values("Warning"); a.code != http.StatusCreated || len(got) != 1 || !strings.Contains(got[0], "spec.running is deprecated, please use spec.runStrategy instead.") {
		t.Errorf("%d, warnings %q", a.code, got)
	}
	if vm := getVM(t, ns, "old"); vm.Spec.Running == nil || *vm.Spec.Running || vm.Spec.RunStrategy != nil {
		t.Errorf("running did not stay running: %+v", vm.Spec)
	}
}

func TestBadMetadataIsNamedOnce(t *testing.T) {
	ns := newNamespace(t)
	for _, c := range []struct{ body, message string }{
		{`{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachine","metadata":{"name":"Bad_Name"},"spec":` + diskSpec + `}`,
			`VirtualMachine.kubevirt.io "Bad_Name" is invalid: metadata.name: Invalid value: "Bad_Name": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', ` +
				`and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`},
		{`{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachine","metadata":{"name":"bad","labels":{"a":"b c"}},"spec":` + diskSpec + `}`,
			`VirtualMachine.kubevirt.io "bad" is invalid: metadata.labels: Invalid value: "b c": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', ` +
				`and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`},
	} {
		a := call(t, cluster.direct, http.MethodPost, pathOf("kubevirt.io", ns, "virtualmachines", ""), c.body, map[string]string{"Content-Type": "application/json"})
		if got := a.status(t).Message; a.code != 422 || got != c.message {
			t.Errorf("%d\n  %s\nwant\n  %s", a.code, got, c.message)
		}
	}
}
