// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	apidiscoveryv2 "k8s.io/api/apidiscovery/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var groups = []string{"kubevirt.io", "subresources.kubevirt.io"}

func legacyDiscovery(t *testing.T, s *suite) {
	verbs := map[string][]string{} // of each subresource that is no status, by group
	for _, group := range groups {
		list := decode[metav1.APIResourceList](t, s.call(t, http.MethodGet, "/apis/"+group+"/v1", ""))
		for _, r := range list.APIResources {
			parent, sub, _ := strings.Cut(r.Name, "/")
			switch {
			case group == "kubevirt.io" && sub == "":
				for _, verb := range []string{"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"} {
					if !slices.Contains(r.Verbs, verb) {
						t.Errorf("%s cannot %s", r.Name, verb)
					}
				}
				if r.SingularName == "" || r.Kind == "" {
					t.Errorf("%s has no singular name or kind: %+v", r.Name, r)
				}
			case sub != "" && sub != "status" && (parent == "virtualmachines" || parent == "virtualmachineinstances"):
				if len(r.Verbs) == 0 {
					t.Errorf("%s of %s has no verb", r.Name, group)
				}
				verbs[group] = append(verbs[group], fmt.Sprint(r.Name, r.Verbs))
			}
		}
	}
	// Today's clients use the second group, tomorrow's the first: both serve the same.
	for _, group := range groups {
		slices.Sort(verbs[group])
	}
	if len(verbs[groups[0]]) == 0 || !slices.Equal(verbs[groups[0]], verbs[groups[1]]) {
		t.Errorf("the groups serve different subresources:\n%v\n%v", verbs[groups[0]], verbs[groups[1]])
	}
}

func aggregatedDiscovery(t *testing.T, s *suite) {
	const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
	eventually(t, "aggregated discovery", func(context.Context) error {
		list := decode[apidiscoveryv2.APIGroupDiscoveryList](t, s.call(t, http.MethodGet, "/apis", "", "Accept", accept))
		for _, group := range groups {
			i := slices.IndexFunc(list.Items, func(g apidiscoveryv2.APIGroupDiscovery) bool { return g.Name == group })
			if i < 0 {
				return fmt.Errorf("%s is not among %d groups", group, len(list.Items))
			}
			version := list.Items[i].Versions[0]
			if version.Freshness != apidiscoveryv2.DiscoveryFreshnessCurrent {
				return fmt.Errorf("%s is %s", group, version.Freshness)
			}
			j := slices.IndexFunc(version.Resources, func(r apidiscoveryv2.APIResourceDiscovery) bool { return r.Resource == "virtualmachines" })
			if j < 0 {
				return fmt.Errorf("%s has no virtualmachines", group)
			}
			if !slices.ContainsFunc(version.Resources[j].Subresources, func(r apidiscoveryv2.APISubresourceDiscovery) bool { return r.Subresource == "start" }) {
				return fmt.Errorf("virtualmachines of %s cannot be started", group)
			}
		}
		return nil
	})
}

// field is what the test looks at of an OpenAPI schema.
type field struct {
	Description string           `json:"description"`
	Properties  map[string]field `json:"properties"`
	ListType    string           `json:"x-kubernetes-list-type"`
}

func documentation(t *testing.T, s *suite) {
	for _, group := range groups {
		var document struct {
			Paths      map[string]any
			Components struct{ Schemas map[string]field }
		}
		// kube-apiserver fetches the document some time after it began to forward.
		eventually(t, "OpenAPI of "+group, func(context.Context) error {
			a := s.call(t, http.MethodGet, "/openapi/v3/apis/"+group+"/v1", "")
			if a.code != http.StatusOK {
				return fmt.Errorf("%d %.200s", a.code, a.body)
			}
			return json.Unmarshal([]byte(a.body), &document)
		})
		described := 0
		for name, schema := range document.Components.Schemas {
			if !strings.HasPrefix(name, "io.kubevirt.") {
				continue
			}
			for property, p := range schema.Properties {
				described++
				if p.Description == "" && property != "kind" && property != "apiVersion" {
					t.Errorf("%s.%s has no description", name, property)
				}
			}
		}
		if group == "kubevirt.io" && described < 100 {
			t.Errorf("only %d fields are described", described)
		}
		if document.Paths["/apis/"+group+"/v1/namespaces/{namespace}/virtualmachines/{name}/start"] == nil {
			t.Errorf("OpenAPI of %s lacks the path of start", group)
		}
	}
	var v2 struct{ Definitions map[string]field }
	eventually(t, "OpenAPI v2", func(context.Context) error {
		a := s.call(t, http.MethodGet, "/openapi/v2", "", "Accept", "application/json")
		if err := json.Unmarshal([]byte(a.body), &v2); err != nil {
			return err
		}
		for name, schema := range v2.Definitions {
			if strings.HasPrefix(name, "io.kubevirt.") && strings.HasSuffix(name, ".VirtualMachineSpec") && schema.Properties["runStrategy"].Description != "" {
				return nil
			}
		}
		return fmt.Errorf("none of %d definitions documents the run strategy", len(v2.Definitions))
	})
}
