// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package objectgraph

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/controller/vmi/template"
)

const spec = `
domain: {devices: {}}
accessCredentials:
- sshPublicKey: {source: {secret: {secretName: keys}}, propagationMethod: {noCloud: {}}}
volumes:
- {name: image, containerDisk: {image: example.com/guest}}
- {name: claim, persistentVolumeClaim: {claimName: data}}
- {name: dv, dataVolume: {name: root}}
- {name: cm, configMap: {name: settings}}
- {name: sa, serviceAccount: {serviceAccountName: account}}
- {name: ci, cloudInitNoCloud: {secretRef: {name: user}, networkDataSecretRef: {name: net}}}
networks:
- {name: pod, pod: {}}
- {name: lan, multus: {networkName: other/lan}}
`

func machine(t *testing.T) *v1.VirtualMachine {
	t.Helper()
	vm := &v1.VirtualMachine{ObjectMeta: metav1.ObjectMeta{Name: "demo", Namespace: "default", UID: "vm"}}
	vm.Spec.Template = &v1.VirtualMachineInstanceTemplateSpec{}
	if err := yaml.UnmarshalStrict([]byte(spec), &vm.Spec.Template.Spec); err != nil {
		t.Fatal(err)
	}
	return vm
}

// lines prints a graph, one object a line, indented by depth.
func lines(n v1.ObjectGraphNode, indent string) []string {
	r := n.ObjectReference
	line := indent + r.Kind + " " + *r.Namespace + "/" + r.Name + " " + n.Labels["kubevirt.io/dependency-type"]
	if n.Optional != nil && *n.Optional {
		line += " optional"
	}
	out := []string{line}
	for _, child := range n.Children {
		out = append(out, lines(child, indent+" ")...)
	}
	return out
}

var needs = []string{
	" Secret default/keys config", " PersistentVolumeClaim default/data storage",
	" DataVolume default/root storage", "  PersistentVolumeClaim default/root storage",
	" ConfigMap default/settings config", " ServiceAccount default/account config",
	" Secret default/user config", " Secret default/net config", " NetworkAttachmentDefinition other/lan network optional",
}

func TestTheGraphHoldsWhatAMachineNeeds(t *testing.T) {
	vm := machine(t)
	if diff := cmp.Diff(append([]string{"VirtualMachine default/demo compute"}, needs...), lines(OfMachine(vm, nil), "")); diff != "" {
		t.Errorf("stopped (- want, + got):\n%s", diff)
	}
	vm.Status.Created = true
	vmi := &v1.VirtualMachineInstance{ObjectMeta: metav1.ObjectMeta{Name: "demo", Namespace: "default", UID: "vmi",
		OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(vm, v1.SchemeGroupVersion.WithKind("VirtualMachine"))}}, Spec: vm.Spec.Template.Spec}
	pod := "Pod default/" + template.Name(vmi) + " compute"
	want := append([]string{"VirtualMachine default/demo compute", " VirtualMachineInstance default/demo compute", "  " + pod}, needs...)
	if diff := cmp.Diff(want, lines(OfMachine(vm, vmi), "")); diff != "" {
		t.Errorf("running (- want, + got):\n%s", diff)
	}
	want = append([]string{"VirtualMachineInstance default/demo compute", " " + pod}, needs...)
	if diff := cmp.Diff(want, lines(OfInstance(vmi), "")); diff != "" {
		t.Errorf("instance (- want, + got):\n%s", diff)
	}
}

func TestOptionsLimitTheGraph(t *testing.T) {
	for body, want := range map[string][]string{
		`{"includeOptionalNodes":false}`:                                       needs[:8],
		"labelSelector: {matchLabels: {kubevirt.io/dependency-type: storage}}": needs[1:4],
		`{"labelSelector":{"matchLabels":{"none":"such"}}}`:                    nil,
	} {
		req, w := httptest.NewRequest("GET", "/", strings.NewReader(body)), httptest.NewRecorder()
		handler, err := Answer(req, OfMachine(machine(t), nil))
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		handler.ServeHTTP(w, req)
		var got v1.ObjectGraphNode
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(append([]string{"VirtualMachine default/demo compute"}, want...), lines(got, "")); diff != "" {
			t.Errorf("%s (- want, + got):\n%s", body, diff)
		}
	}
	for _, body := range []string{`{"labelSelector":{"matchExpressions":[{"key":"a","operator":"Like"}]}}`, `[`} {
		if _, err := Answer(httptest.NewRequest("GET", "/", strings.NewReader(body)), v1.ObjectGraphNode{}); !apierrors.IsBadRequest(err) {
			t.Errorf("%s: %v", body, err)
		}
	}
}
