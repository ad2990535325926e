// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	clientset "github.com/virtplane/virtplane/client/clientset/versioned"
)

const protobufType = runtime.ContentTypeProtobuf

func protobuf(t *testing.T, s *suite) {
	ns := s.namespace(t)
	config := rest.CopyConfig(s.config)
	config.ContentType, config.AcceptContentTypes = protobufType, protobufType
	api := must(clientset.NewForConfig(config))(t).KubevirtV1().VirtualMachines(ns)
	created := must(api.Create(t.Context(), newVM("demo", withLabel("app", "web")), metav1.CreateOptions{}))(t)
	inJSON := s.get(t, ns, "demo")
	inProtobuf := must(api.Get(t.Context(), "demo", metav1.GetOptions{}))(t)
	// The status may change between two reads.
	if diff := cmp.Diff(inJSON.Spec, inProtobuf.Spec); diff != "" || inJSON.UID != created.UID {
		t.Errorf("the object in JSON and in protobuf (- JSON, + protobuf):\n%s", diff)
	}
	list := must(api.List(t.Context(), metav1.ListOptions{}))(t)
	if len(list.Items) != 1 || list.Items[0].UID != created.UID || list.ResourceVersion == "" {
		t.Errorf("list in protobuf: %+v", list)
	}
	w := must(api.Watch(t.Context(), metav1.ListOptions{ResourceVersion: list.ResourceVersion}))(t)
	defer w.Stop()
	s.patch(t, ns, "demo", `{"metadata":{"labels":{"app":"db"}}}`)
	await(t, w, watch.Modified, "demo", labelled("db"))
	a := s.call(t, http.MethodGet, pathOf(ns, "virtualmachines", "demo"), "", "Accept", protobufType)
	if a.header.Get("Content-Type") != protobufType || !bytes.HasPrefix([]byte(a.body), []byte("k8s\x00")) {
		t.Errorf("an object in protobuf comes as %s %.20q", a.header.Get("Content-Type"), a.body)
	}
}

func cbor(t *testing.T, s *suite) {
	ns := s.namespace(t)
	s.create(t, ns, newVM("demo"))
	a := s.call(t, http.MethodGet, pathOf(ns, "virtualmachines", "demo"), "", "Accept", "application/cbor, application/json;q=0.9")
	switch got := a.header.Get("Content-Type"); got {
	case "application/json":
		decode[v1.VirtualMachine](t, a)
	case "application/cbor":
	default:
		t.Errorf("who prefers CBOR gets %d %s", a.code, got)
	}
	if a := s.call(t, http.MethodGet, pathOf(ns, "virtualmachines", "demo"), "", "Accept", "application/x-unknown"); a.code != http.StatusNotAcceptable {
		t.Errorf("who accepts an unknown encoding alone gets %d %.200s", a.code, a.body)
	}
	if a := s.call(t, http.MethodPost, pathOf(ns, "virtualmachines", ""), "x", "Content-Type", "application/x-unknown"); a.code != http.StatusUnsupportedMediaType {
		t.Errorf("who sends an unknown encoding gets %d %.200s", a.code, a.body)
	}
}

func yamlBodies(t *testing.T, s *suite) {
	ns := s.namespace(t)
	body := must(yaml.JSONToYAML([]byte(manifest("demo", diskSpec))))(t)
	if a := s.call(t, http.MethodPost, pathOf(ns, "virtualmachines", ""), string(body), "Content-Type", "application/yaml"); a.code != http.StatusCreated {
		t.Fatalf("create in YAML: %d %s", a.code, a.body)
	}
	a := s.call(t, http.MethodGet, pathOf(ns, "virtualmachines", "demo"), "", "Accept", "application/yaml")
	var vm v1.VirtualMachine
	if err := yaml.UnmarshalStrict([]byte(a.body), &vm); err != nil || vm.Name != "demo" || strings.HasPrefix(a.body, "{") {
		t.Errorf("an object in YAML: %.200s: %v", a.body, err)
	}
}
