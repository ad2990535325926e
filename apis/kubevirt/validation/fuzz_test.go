// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// tiny are numbers that take the parser of quantities itself minutes: it rounds them up to 1n by a division. The server's
// apiserver/quantityguard refuses them before they are decoded, which these tests do not pass.
var tiny = regexp.MustCompile(`[eE]-[0-9]{4}`)

// object is what both kinds have.
type object[T any] interface {
	*T
	metav1.Object
	DeepCopy() *T
	Marshal() ([]byte, error)
	Unmarshal([]byte) error
}

// journey takes a request's body the way of the server: no object may end the server, and one that is accepted comes back from
// the storage as the same object, which is still valid.
func journey[T any, P object[T]](t *testing.T, body []byte, complete func(P), check func(P) field.ErrorList, update func(obj, old P) field.ErrorList) {
	if tiny.Match(body) {
		t.Skip("a quantity that only the quantity guard in front of the decoder refuses")
	}
	obj := P(new(T))
	if json.Unmarshal(body, obj) != nil {
		return
	}
	labels, annotations := obj.GetLabels(), obj.GetAnnotations()
	clean := P(new(T))
	_ = json.Unmarshal(body, clean)
	for _, o := range []P{obj, clean} {
		meta(o, labels, annotations)
		complete(o)
	}
	errs := check(obj)
	if diff := cmp.Diff(encode(t, clean), encode(t, obj)); diff != "" {
		t.Errorf("the check changed the object or defaults differ (- before, + after):\n%s", diff)
	}
	if len(errs) > 0 {
		_ = errs.ToAggregate().Error()
		return
	}
	data, err := obj.Marshal()
	if err != nil {
		t.Fatalf("store an object that was accepted: %v", err)
	}
	stored := P(new(T))
	if err := stored.Unmarshal(data); err != nil {
		t.Fatalf("read what was stored: %v", err)
	}
	complete(stored)
	if diff := cmp.Diff(encode(t, obj), encode(t, stored)); diff != "" {
		t.Errorf("the object changed in the storage (- before, + after):\n%s", diff)
	}
	if again := check(stored); len(again) > 0 {
		t.Errorf("what was accepted is refused: %v", again.ToAggregate())
	}
	stored.SetResourceVersion("1")
	if errs := update(P(stored.DeepCopy()), stored); len(errs) > 0 {
		t.Errorf("an update without a change is refused: %v", errs.ToAggregate())
	}
}

// meta leaves of an object's metadata what its kind has rules for.
func meta(o metav1.Object, labels, annotations map[string]string) {
	o.SetGenerateName("")
	o.SetSelfLink("")
	o.SetUID("")
	o.SetResourceVersion("")
	o.SetGeneration(0)
	o.SetCreationTimestamp(metav1.Time{})
	o.SetDeletionTimestamp(nil)
	o.SetDeletionGracePeriodSeconds(nil)
	o.SetOwnerReferences(nil)
	o.SetFinalizers(nil)
	o.SetManagedFields(nil)
	o.SetName("demo")
	o.SetNamespace("default")
	o.SetLabels(labels)
	o.SetAnnotations(annotations)
}

func encode(t *testing.T, obj any) string {
	t.Helper()
	data, err := json.Marshal(obj)
	if err != nil {
		t.Fatalf("show an object: %v", err)
	}
	return string(data)
}

// seeds adds a common object, the specs of testdata/rules.txt and inputs that hurt elsewhere, each inside of around.
func seeds(f *testing.F, common any, around func(spec []byte) []byte) {
	data, err := json.Marshal(common)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	rules, err := os.ReadFile("testdata/rules.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, c := range strings.Split(string(rules), "\n== ")[1:] {
		_, rest, _ := strings.Cut(c, "\n")
		manifest, _, _ := strings.Cut(rest, "\n->")
		spec, err := yaml.YAMLToJSON([]byte(manifest))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(around(spec))
	}
	for _, spec := range []string{
		`null`, `{}`, `{"domain":{"memory":{"guest":"1e999999999"}}}`, `{"domain":{"memory":{"guest":"-1e999999999"}}}`,
		`{"domain":{"memory":{"guest":"NaN"}}}`, `{"domain":{"memory":{"guest":0.5}}}`,
		`{"domain":{"memory":{"hugepages":{"pageSize":"1n"}}}}`, `{"domain":{"memory":{"hugepages":{"pageSize":"1e99999999"}}}}`, `{"domain":{"memory":{"hugepages":{"pageSize":"1E20"},"guest":"1Gi"}}}`,
		`{"domain":{"cpu":{"sockets":4294967295,"cores":4294967295,"threads":4294967295}}}`,
		`{"domain":{"resources":{"requests":{"memory":"1Gi","cpu":"1e99999999"},"limits":{"cpu":"1n"}}}}`,
		`{"domain":{"memory":{"guest":"1.5Gi"},"clock":{"utc":{"offsetSeconds":-9223372036854775808}}}}`,
		"{\"hostname\":\"\xff\xfe\",\"domain\":{\"memory\":{\"guest\":\"1Gi\"}}}",
		`{"terminationGracePeriodSeconds":-9223372036854775808}`,
	} {
		f.Add(around([]byte(spec)))
	}
}

func FuzzVirtualMachineInstance(f *testing.F) {
	seeds(f, instance(nil), func(spec []byte) []byte { return bytes.Join([][]byte{[]byte(`{"spec":`), spec, []byte(`}`)}, nil) })
	f.Fuzz(func(t *testing.T, body []byte) {
		journey(t, body, func(vmi *v1.VirtualMachineInstance) {
			vmi.Status = v1.VirtualMachineInstanceStatus{}
			v1.SetObjectDefaults_VirtualMachineInstance(vmi)
			v1.SetInstanceSpecDefaults(&vmi.Spec)
		}, VirtualMachineInstance, VirtualMachineInstanceUpdate)
	})
}

func FuzzVirtualMachine(f *testing.F) {
	seeds(f, machine(nil), func(spec []byte) []byte {
		return bytes.Join([][]byte{[]byte(`{"spec":{"runStrategy":"Always","template":{"spec":`), spec, []byte(`}}}`)}, nil)
	})
	f.Fuzz(func(t *testing.T, body []byte) {
		journey(t, body, func(vm *v1.VirtualMachine) {
			vm.Status = v1.VirtualMachineStatus{}
			v1.SetObjectDefaults_VirtualMachine(vm)
		}, VirtualMachine, VirtualMachineUpdate)
	})
}
