// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package quantityguard

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf16"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	apirequest "k8s.io/apiserver/pkg/endpoints/request"
)

const (
	object   = "application/json"
	patch    = "application/json-patch+json"
	yamlType = "application/yaml"
	protobuf = "application/vnd.kubernetes.protobuf"
)

// serve sends a body through a guard and tells what came behind it, or the answer.
func serve(t *testing.T, method, contentType, subresource, body string) (string, *httptest.ResponseRecorder) {
	t.Helper()
	passed := ""
	next := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		content, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		passed = string(content)
		w.WriteHeader(http.StatusTeapot)
	})
	req := httptest.NewRequest(method, "/apis/kubevirt.io/v1/namespaces/a/virtualmachines/b", strings.NewReader(body))
	req.Header.Set("Content-Type", contentType)
	req = req.WithContext(apirequest.WithRequestInfo(req.Context(), &apirequest.RequestInfo{IsResourceRequest: true, Resource: "virtualmachines", Subresource: subresource}))
	answer := httptest.NewRecorder()
	streams := func(_ *http.Request, info *apirequest.RequestInfo) bool { return info.Subresource == "console" }
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, schema.GroupVersion{Version: "v1"})
	scheme.AddUnversionedTypes(schema.GroupVersion{Version: "v1"}, &metav1.Status{})
	New(next, 3<<20, streams, serializer.NewCodecFactory(scheme)).ServeHTTP(answer, req)
	return passed, answer
}

func utf16le(s string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune("\ufeff" + s)) {
		b.Write([]byte{byte(u), byte(u >> 8)})
	}
	return b.String()
}

// field is a length-delimited one.
func field(number int, content string) string {
	if len(content) < 0x80 {
		return string([]byte{byte(number<<3 | 2), byte(len(content))}) + content
	}
	return string([]byte{byte(number<<3 | 2), byte(len(content)&0x7f | 0x80), byte(len(content) >> 7)}) + content
}

func TestCostlyQuantitiesAreRefused(t *testing.T) {
	hidden := base64.StdEncoding.EncodeToString([]byte("1e-999999999"))
	for _, c := range []struct{ name, kind, subresource, body, path string }{
		{"text", object, "", `{"spec":{"memory":{"guest":"1e-999999999"}}}`, "spec.memory.guest: "},
		{"number", object, "", `{"spec":{"disks":[{},{"size":1E-999999999}]}}`, "spec.disks[1].size: "},
		{"space around it", object, "", `{"spec":{"guest":"\t 1e-999999999 "}}`, "spec.guest: "},
		{"sign and digits", object, "", `{"spec":{"guest":"-0.5e-9999"}}`, "spec.guest: "},
		{"wraps around", object, "", `{"spec":{"guest":"1e4294967296"}}`, "spec.guest: "},
		{"wraps around with a sign", object, "", `{"spec":{"guest":"1E+4294967296"}}`, "spec.guest: "},
		{"a million digits", object, "", `{"spec":{"guest":"` + strings.Repeat("7", 1_000_000) + `Gi"}}`, "spec.guest: "},
		{"escapes", object, "", `{"spec":{"guest":"1\u0065\u002d9999"}}`, "spec.guest: "},
		{"metadata is a resource", object, "", `{"spec":{"requests":{"metadata":"1e-9999"}}}`, "spec.requests.metadata: "},
		{"before the body breaks off", object, "", `{"spec":{"guest":"1e-9999"},`, "spec.guest: "},
		{"behind metadata", object, "", `{"metadata":{"name":"1e-9999"},"spec":{"guest":"1e-9999"}}`, "spec.guest: "},
		{"a status", object, "status", `{"status":{"memory":"1e-9999"}}`, "status.memory: "},
		{"a JSON patch", patch, "", `[{"op":"test"},{"op":"add","path":"/spec/guest","value":"1e-9999"}]`, "[1].value: "},
		{"a JSON patch with parameters", patch + "; charset=utf-8", "", `[{"op":"copy","from":"/metadata/name","path":"/spec/guest"}]`, "metadata"},
		{"a copy out of a copy of all", patch, "", `[{"op":"move","from":"/spec/x/metadata/name","path":"/spec/requests/metadata"}]`, "metadata"},
		{"a copy with escapes", patch, "", `[{"op":"c\u006fpy","from":"/metadata/name","path":"/spec/guest"}]`, "metadata"},
		{"YAML", yamlType, "", "spec:\n  guest: '1e-9999'\n", "spec.guest: "},
		{"YAML without quotes wraps around", yamlType, "", "spec:\n  guest: 1e4294967296\n", "spec.guest: "},
		{"YAML block", yamlType, "", "spec:\n  guest: |\n    1e-9999\n", "spec.guest: "},
		{"YAML escapes", yamlType, "", `spec: {guest: "1\x65\U0000002d9999"}`, "spec.guest: "},
		{"YAML broken line", yamlType, "", "spec: {guest: \"1e-\\\n  9999\"}", "spec.guest: "},
		{"YAML base64", yamlType, "", "spec: {guest: !!binary " + hidden + "}", "spec.guest: "},
		{"YAML tag with escape", yamlType, "", "spec: {guest: !<tag:yaml.org,2002:%62inary> " + hidden + "}", "spec.guest: "},
		{"YAML in UTF-16", yamlType, "", utf16le("spec: {guest: '1e-9999'}"), "spec.guest: "},
		{"YAML alias", yamlType, "", "a: &a '1e-9999'\nspec: {guest: *a}", ": "},
		{"apply", "application/apply-patch+yaml", "", "spec: {guest: '1e-9999'}", "spec.guest: "},
		{"a verb that reads YAML", object, "addvolume", "volumeSource: {capacity: '1e-9999'}", "volumeSource.capacity: "},
		{"no content type", "", "", "spec: {guest: '1e-9999'}", "spec.guest: "},
		{"protobuf", protobuf, "", "k8s\x00" + field(1, field(1, "v1")) + field(2, "\x08\x01"+field(2, field(1, field(1, "1e-9999")))), ""},
		{"protobuf behind numbers of a fixed width", protobuf, "", "k8s\x00" + field(2, "\x09abcdefgh\x0dabcd\x13\x14"+field(2, field(1, "1e-9999"))), ""},
		{"protobuf with a long tag", protobuf, "", "k8s\x00" + field(2, "\x92\x80\x80\x80\x80\x80\x80\x80\x80\x7e\x071e-9999"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			passed, answer := serve(t, http.MethodPut, c.kind, c.subresource, c.body)
			if passed != "" || answer.Code != http.StatusBadRequest || !strings.Contains(answer.Body.String(), c.path) {
				t.Errorf("%d %s, want 400 of %q", answer.Code, answer.Body, c.path)
			}
			if n := answer.Body.Len(); n > 2048 {
				t.Errorf("the answer has %d bytes", n)
			}
		})
	}
}

func TestOtherBodiesPassUnchanged(t *testing.T) {
	const bad = `{"spec":{"guest":"1e-9999"}}`
	for _, c := range []struct{ name, method, kind, subresource, body string }{
		{"short exponents", http.MethodPost, object, "", `{"a":"1e-999","b":1e-3,"c":"1e999999999","d":"5E","e":"0.5e3"}`},
		{"a UUID", http.MethodPost, object, "", `{"uuid":"5d307ca9-b3ef-428c-8861-06e72d69f223","other":"0b1e-4321-4"}`},
		{"user data", http.MethodPost, object, "", `{"userData":"#cloud-config\nruncmd: [echo 1e-99999999]\n"}`},
		{"user data in YAML", http.MethodPost, yamlType, "", "userData: |\n  #!/bin/sh\n  echo 1e-99999999\n"},
		{"a name", http.MethodPost, object, "", `{"metadata":{"name":"1e-2024","labels":{"a":"1e-2024"}}}`},
		{"a name of a field", http.MethodPost, object, "", `{"spec":{"1e-2024":1}}`},
		{"a host name", http.MethodPost, object, "", `{"spec":{"hostname":"e-2024"}}`},
		{"malformed", http.MethodPost, object, "", `{"spec":1e-,"1e-9999`},
		{"malformed YAML", http.MethodPost, yamlType, "", "a: [1e-9999"},
		{"nested beyond every decoder", http.MethodPost, object, "", strings.Repeat("[", 100_000) + `"1e-9999"`},
		{"malformed protobuf", http.MethodPost, protobuf, "", "k8s\x00\x0a\xff1e-9999"},
		{"user data in protobuf", http.MethodPost, protobuf, "", "k8s\x00" + field(2, field(1, "echo 1e-99999999"))},
		{"a copy within a spec", http.MethodPatch, patch, "", `[{"op":"copy","from":"/spec/a","path":"/spec/b"}]`},
		{"a copy within metadata", http.MethodPatch, patch, "", `[{"op":"copy","from":"/metadata/labels/a","path":"/metadata/labels/b"}]`},
		{"a read", http.MethodGet, object, "", bad},
		{"a stream", http.MethodPost, object, "console", bad},
		{"longer than the limit", http.MethodPost, object, "", bad + strings.Repeat(" ", 4<<20)},
		{"empty", http.MethodPut, object, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if passed, answer := serve(t, c.method, c.kind, c.subresource, c.body); passed != c.body || answer.Code != http.StatusTeapot {
				t.Errorf("%d %.300s; %d of %d bytes came through", answer.Code, answer.Body, len(passed), len(c.body))
			}
		})
	}
}

func TestRunsOfDigitsAreFoundWhereverTheyBegin(t *testing.T) {
	for before := range 30 {
		for _, found := range []string{"e4294967296", "e+4294967296", "E-9999"} {
			if body := strings.Repeat("7x", before/2) + strings.Repeat("x", before%2) + "1" + found; !suspicious([]byte(body)) {
				t.Errorf("%s is not looked at", body)
			}
		}
	}
	for _, body := range []string{"1e-999", "e-", "-9999", "1e429496729", "14294967296", "a4294967296", ""} {
		if suspicious([]byte(body)) {
			t.Errorf("%q is looked at", body)
		}
	}
}

func typical(extra string) []byte {
	var disks strings.Builder
	for i := range 20 {
		fmt.Fprintf(&disks, `,{"name":"disk-%d","disk":{"bus":"virtio"},"serial":"5d307ca9-b3ef-428c-8861-06e72d69f223","note":"0123456789"}`, i)
	}
	return []byte(`{"spec":{"runStrategy":"Halted","memory":"` + extra + `","disks":[` + disks.String()[1:] + `]}}`)
}

func BenchmarkCheck(b *testing.B) {
	for name, body := range map[string][]byte{"plain": typical("1Gi"), "triggered": typical("1e-9999 is text")} {
		b.Run(fmt.Sprintf("%s of %d bytes", name, len(body)), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := check(body, strictJSON); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
