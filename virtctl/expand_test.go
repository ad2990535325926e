// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"bytes"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

const (
	expandPath = "/apis/subresources.kubevirt.io/v1/namespaces/lab/expand-vm-spec"
	expanded   = `{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachine","metadata":{"name":"demo"},"spec":{}}`
)

func TestExpand(t *testing.T) {
	manifest := writeFile(t, "kind: VirtualMachine\nspec: {runStrategy: Halted}\n")
	for _, c := range []struct {
		args []string
		want request
		out  string
	}{
		{[]string{"--vm=demo"}, request{"GET", vmPath + "expand-spec", ""}, "apiVersion: kubevirt.io/v1\nkind: VirtualMachine\nmetadata:\n  name: demo\nspec: {}\n"},
		{[]string{"--vm=vm/demo", "-o", "json"}, request{"GET", vmPath + "expand-spec", ""},
			"{\n  \"apiVersion\": \"kubevirt.io/v1\",\n  \"kind\": \"VirtualMachine\",\n  \"metadata\": {\n    \"name\": \"demo\"\n  },\n  \"spec\": {}\n}\n"},
		{[]string{"-f", manifest}, request{"PUT", expandPath, `{"kind":"VirtualMachine","spec":{"runStrategy":"Halted"}}`},
			"apiVersion: kubevirt.io/v1\nkind: VirtualMachine\nmetadata:\n  name: demo\nspec: {}\n"},
	} {
		cluster := newCluster(t, map[string]http.HandlerFunc{"GET " + vmPath + "expand-spec": says(expanded), "PUT " + expandPath: says(expanded)})
		got := cluster.run(t, append([]string{"expand"}, c.args...)...)
		if got.code != 0 || got.out != c.out || got.errOut != "" {
			t.Errorf("%v: %+v", c.args, got)
		}
		if seen := cluster.requests(); !reflect.DeepEqual(seen, []request{c.want}) {
			t.Errorf("%v: requests %v, want %v", c.args, seen, c.want)
		}
	}
}

func TestExpandOfTheStandardInput(t *testing.T) {
	cluster := newCluster(t, map[string]http.HandlerFunc{"PUT " + expandPath: says(expanded)})
	var out, errOut bytes.Buffer
	code := Run(t.Context(), []string{"virtctl", "--kubeconfig", cluster.kubeconfig(t), "expand", "--file=-"}, strings.NewReader(`{"kind":"VirtualMachine"}`), &out, &errOut)
	if code != 0 || !reflect.DeepEqual(cluster.requests(), []request{{"PUT", expandPath, `{"kind":"VirtualMachine"}`}}) {
		t.Errorf("code %d, %s, %v", code, &errOut, cluster.requests())
	}
}

func TestManifestsThatCannotBeExpanded(t *testing.T) {
	for content, want := range map[string]string{
		"":                                 "it is empty",
		"a: [":                             "read manifest",
		"a: 1\na: 2":                       `key "a" already set`,
		strings.Repeat("#", maxManifest+1): "more than 3145728 bytes",
	} {
		cluster := newCluster(t, nil)
		got := cluster.run(t, "expand", "--file="+writeFile(t, content))
		if got.code != 1 || !strings.Contains(got.errOut, want) || len(cluster.requests()) > 0 {
			t.Errorf("%.20q: %+v, want %q", content, got, want)
		}
	}
}

func TestObjectGraph(t *testing.T) {
	const graph = `{"objectReference":{"kind":"VirtualMachine","name":"demo"},"children":[` +
		`{"objectReference":{"kind":"VirtualMachineInstance","name":"demo"},"children":[{"objectReference":{"kind":"Pod","name":"launcher"}}]},` +
		`{"objectReference":{"kind":"Secret","name":"keys"},"optional":true,"labels":{"kubevirt.io/dependency-type":"config","a":"b"}}]}`
	answers := map[string]http.HandlerFunc{"GET " + vmPath + "objectgraph": says(graph), "GET " + vmiPath + "objectgraph": says(graph)}
	for args, want := range map[string]request{
		"demo":                        {"GET", vmPath + "objectgraph", `{"includeOptionalNodes":true}`},
		"demo --vmi":                  {"GET", vmiPath + "objectgraph", `{"includeOptionalNodes":true}`},
		"vmi/demo --exclude-optional": {"GET", vmiPath + "objectgraph", `{"includeOptionalNodes":false}`},
		"demo --selector=a=b -o json": {"GET", vmPath + "objectgraph", `{"includeOptionalNodes":true,"labelSelector":{"matchLabels":{"a":"b"}}}`},
	} {
		cluster := newCluster(t, answers)
		got := cluster.run(t, strings.Fields("objectgraph "+args)...)
		if got.code != 0 || !strings.HasPrefix(got.out, "{\n  \"objectReference\": {\n") {
			t.Errorf("%s: %+v", args, got)
		}
		if seen := cluster.requests(); !reflect.DeepEqual(seen, []request{want}) {
			t.Errorf("%s: requests %v, want %v", args, seen, want)
		}
	}
	want := "OBJECT                           OPTIONAL   LABELS\n" +
		"VirtualMachine/demo              -          -\n" +
		"├─ VirtualMachineInstance/demo   -          -\n" +
		"│  └─ Pod/launcher               -          -\n" +
		"└─ Secret/keys                   yes        a=b,kubevirt.io/dependency-type=config\n"
	if got := newCluster(t, answers).run(t, "objectgraph", "demo", "-o", "table"); got.out != want {
		t.Errorf("prints\n%s\nwant\n%s", got.out, want)
	}
}
