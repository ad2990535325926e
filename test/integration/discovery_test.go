// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apimachineryversion "k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
)

func TestDiscoveryOfBothGroups(t *testing.T) {
	all := metav1.Verbs{"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}
	status := metav1.Verbs{"get", "patch", "update"}
	verb := func(kind, name string, verbs ...string) metav1.APIResource {
		return metav1.APIResource{Name: name, Namespaced: true, Kind: kind, Verbs: verbs, Group: "kubevirt.io", Version: "v1"}
	}
	verbs := []metav1.APIResource{}
	for name, kindAndVerbs := range servedVerbs {
		kind, served, _ := strings.Cut(kindAndVerbs, " ")
		verbs = append(verbs, verb(kind, name, strings.Fields(served)...))
	}
	native := []metav1.APIResource{
		{Name: "virtualmachineinstances", SingularName: "virtualmachineinstance", Namespaced: true, Kind: "VirtualMachineInstance",
			Verbs: all, ShortNames: []string{"vmi", "vmis"}, Categories: []string{"all"}},
		{Name: "virtualmachineinstances/status", Namespaced: true, Kind: "VirtualMachineInstance", Verbs: status},
		{Name: "virtualmachines", SingularName: "virtualmachine", Namespaced: true, Kind: "VirtualMachine",
			Verbs: all, ShortNames: []string{"vm", "vms"}, Categories: []string{"all"}},
		{Name: "virtualmachines/status", Namespaced: true, Kind: "VirtualMachine", Verbs: status},
		{Name: "kubevirts", SingularName: "kubevirt", Namespaced: true, Kind: "KubeVirt",
			Verbs: all, ShortNames: []string{"kv", "kvs"}, Categories: []string{"all"}},
		{Name: "kubevirts/status", Namespaced: true, Kind: "KubeVirt", Verbs: status},
	}
	for group, want := range map[string][]metav1.APIResource{
		"kubevirt.io":              append(native, verbs...),
		"subresources.kubevirt.io": verbs,
	} {
		for server, login := range map[string]*rest.Config{"virt-apiserver": cluster.direct, "kube-apiserver": cluster.admin} {
			a := call(t, login, http.MethodGet, "/apis/"+group+"/v1", "", nil)
			list := &metav1.APIResourceList{}
			if err := json.Unmarshal([]byte(a.body), list); err != nil {
				t.Fatalf("%s of %s: %v: %s", group, server, err, a.body)
			}
			got := map[string]metav1.APIResource{}
			for _, r := range list.APIResources {
				r.StorageVersionHash = ""
				got[r.Name] = r
			}
			for _, w := range want {
				g := got[w.Name]
				if strings.Contains(w.Name, "/") {
					// Where a kind is of the group itself the group is left out.
					w.Group, w.Version, g.Group, g.Version = "", "", "", ""
				}
				if diff := cmp.Diff(w, g); diff != "" {
					t.Errorf("%s/%s of %s (- want, + got):\n%s", group, w.Name, server, diff)
				}
				delete(got, w.Name)
			}
			for name, r := range got {
				if len(r.Verbs) > 0 {
					t.Errorf("%s of %s serves %s beside what it should", group, server, name)
				}
			}
		}
		a := call(t, cluster.direct, http.MethodGet, "/apis/"+group, "", nil)
		g := &metav1.APIGroup{}
		if err := json.Unmarshal([]byte(a.body), g); err != nil {
			t.Fatal(err)
		}
		if g.Name != group || g.PreferredVersion.GroupVersion != group+"/v1" || len(g.Versions) != 1 {
			t.Errorf("group %s: %s", group, a.body)
		}
	}
}

// TestDiscoveryOfTheWholeCluster holds what garbage collector, namespace controller and quota rely on:
// one group that cannot be discovered would stop them all.
func TestDiscoveryOfTheWholeCluster(t *testing.T) {
	client := must(discovery.NewDiscoveryClientForConfig(cluster.admin))(t)
	groups, lists, err := client.ServerGroupsAndResources()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(groups, func(g *metav1.APIGroup) bool { return g.Name == "kubevirt.io" }) {
		t.Error("kubevirt.io is not among the groups")
	}
	deletable := discovery.FilteredBy(discovery.SupportsAllVerbs{Verbs: []string{"list", "watch", "delete", "deletecollection"}}, lists)
	for _, list := range deletable {
		if list.GroupVersion == "subresources.kubevirt.io/v1" {
			t.Errorf("the group of the subresources has resources of its own: %v", list.APIResources)
		}
	}
}

func TestVersion(t *testing.T) {
	for _, login := range []*rest.Config{cluster.direct, cluster.admin} {
		a := call(t, login, http.MethodGet, "/apis/subresources.kubevirt.io/v1/version", "", nil)
		info := &apimachineryversion.Info{}
		if err := json.Unmarshal([]byte(a.body), info); err != nil || a.code != http.StatusOK {
			t.Fatalf("%d %s: %v", a.code, a.body, err)
		}
		// Published clients compare the numbers of the API's release with their own.
		if !strings.HasPrefix(info.GitVersion, "v1.9.0+virtplane-") || info.GoVersion == "" || info.Platform == "" {
			t.Errorf("version %+v", info)
		}
	}
}

func TestHealth(t *testing.T) {
	stranger := rest.AnonymousClientConfig(cluster.direct)
	for _, path := range []string{"/healthz", "/livez", "/readyz"} {
		if a := call(t, stranger, http.MethodGet, path, "", nil); a.code != http.StatusOK || a.body != "ok" {
			t.Errorf("%s without credentials: %d %s", path, a.code, a.body)
		}
		if a := call(t, cluster.direct, http.MethodGet, path+"?verbose", "", nil); a.code != http.StatusOK || !strings.Contains(a.body, "[+]etcd ok") {
			t.Errorf("%s does not look at etcd: %d %s", path, a.code, a.body)
		}
	}
	if a := call(t, stranger, http.MethodGet, "/metrics", "", nil); a.code != http.StatusUnauthorized {
		t.Errorf("/metrics without credentials: %d", a.code)
	}
	if a := call(t, cluster.direct, http.MethodGet, "/metrics", "", nil); a.code != http.StatusOK || !strings.Contains(a.body, "apiserver_request_total") {
		t.Errorf("/metrics: %d, %d bytes", a.code, len(a.body))
	}
}

// schema is what the tests look at of an OpenAPI schema.
type schema struct {
	Description string            `json:"description"`
	Ref         string            `json:"$ref"`
	AllOf       []schema          `json:"allOf"`
	Properties  map[string]schema `json:"properties"`
	ListType    string            `json:"x-kubernetes-list-type"`
	ListMapKeys []string          `json:"x-kubernetes-list-map-keys"`
	PatchKey    string            `json:"x-kubernetes-patch-merge-key"`
}

func TestOpenAPI(t *testing.T) {
	for server, login := range map[string]*rest.Config{"virt-apiserver": cluster.direct, "kube-apiserver": cluster.admin} {
		var a answer
		// kube-apiserver fetches the document of an aggregated server some time after it began to forward to it.
		eventually(t, "OpenAPI of "+server, func(context.Context) error {
			if a = call(t, login, http.MethodGet, "/openapi/v3/apis/kubevirt.io/v1", "", nil); a.code != http.StatusOK {
				return fmt.Errorf("%d %s", a.code, a.body)
			}
			return nil
		})
		var document struct {
			Paths      map[string]any `json:"paths"`
			Components struct {
				Schemas map[string]schema `json:"schemas"`
			} `json:"components"`
		}
		if err := json.Unmarshal([]byte(a.body), &document); err != nil {
			t.Fatalf("OpenAPI of %s: %d: %v", server, a.code, err)
		}
		for _, path := range []string{"", "/status", "/start", "/stop", "/restart"} {
			path = "/apis/kubevirt.io/v1/namespaces/{namespace}/virtualmachines/{name}" + path
			if document.Paths[path] == nil {
				t.Errorf("OpenAPI of %s: path %s is missing", server, path)
			}
		}
		described := 0
		for name, s := range document.Components.Schemas {
			if !strings.HasPrefix(name, "io.kubevirt.v1.") {
				continue
			}
			for property, p := range s.Properties {
				described++
				if p.Description == "" && property != "kind" && property != "apiVersion" {
					t.Errorf("OpenAPI of %s: %s.%s has no description", server, name, property)
				}
			}
		}
		if described < 100 {
			t.Errorf("OpenAPI of %s: only %d fields", server, described)
		}
		find := func(kind string) schema {
			for name, s := range document.Components.Schemas {
				if strings.HasPrefix(name, "io.kubevirt.v1.") && strings.HasSuffix(name, "."+kind) {
					return s
				}
			}
			t.Fatalf("OpenAPI of %s: no schema of %s", server, kind)
			return schema{}
		}
		for kind, lists := range map[string]map[string]string{
			"VirtualMachineInstanceSpec":   {"volumes": "name", "networks": "name"},
			"Devices":                      {"disks": "name", "interfaces": "name"},
			"VirtualMachineInstanceStatus": {"conditions": "type"},
			"VirtualMachineStatus":         {"conditions": "type"},
			"CPU":                          {"features": "name"},
		} {
			for list, key := range lists {
				if p := find(kind).Properties[list]; p.ListType != "map" || fmt.Sprint(p.ListMapKeys) != "["+key+"]" {
					t.Errorf("OpenAPI of %s: %s.%s has list type %q with keys %v, want a map by %s", server, kind, list, p.ListType, p.ListMapKeys, key)
				}
			}
		}
		if p := find("VirtualMachineInstanceSpec").Properties["volumes"]; p.PatchKey != "name" {
			t.Errorf("OpenAPI of %s: volumes have the merge key %q", server, p.PatchKey)
		}
	}
}
