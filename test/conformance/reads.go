// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/metadata"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

const asTable = "application/json;as=Table;v=v1;g=meta.k8s.io"

func tables(t *testing.T, s *suite) {
	ns := s.namespace(t)
	s.create(t, ns, newVM("demo"))
	must(s.instances(ns).Create(t.Context(), newVMI("demo"), metav1.CreateOptions{}))(t)
	for resource, columns := range map[string][]string{
		"virtualmachines":         {"Name", "Age", "Status", "Ready"},
		"virtualmachineinstances": {"Name", "Age", "Phase", "IP", "NodeName", "Ready"},
	} {
		for _, name := range []string{"", "demo"} {
			table := decode[metav1.Table](t, s.call(t, http.MethodGet, pathOf(ns, resource, name), "", "Accept", asTable))
			var got []string
			for _, c := range table.ColumnDefinitions {
				if c.Priority == 0 {
					got = append(got, c.Name)
				}
				if c.Description == "" || c.Type == "" {
					t.Errorf("%s: column %s has no description or type", resource, c.Name)
				}
			}
			if !slices.Equal(got, columns) {
				t.Errorf("%s: columns %v, want %v", resource, got, columns)
			}
			if len(table.Rows) != 1 || table.ResourceVersion == "" {
				t.Fatalf("%s: %d rows of version %q", resource, len(table.Rows), table.ResourceVersion)
			}
			if cells := table.Rows[0].Cells; len(cells) != len(table.ColumnDefinitions) || cells[0] != "demo" || cells[1] == "<unknown>" {
				t.Errorf("%s: cells %v", resource, cells)
			}
			row := &metav1.PartialObjectMetadata{}
			if err := json.Unmarshal(table.Rows[0].Object.Raw, row); err != nil || row.Name != "demo" || row.Kind != "PartialObjectMetadata" {
				t.Errorf("%s: object of the row %s", resource, table.Rows[0].Object.Raw)
			}
		}
	}
	whole := decode[metav1.Table](t, s.call(t, http.MethodGet, pathOf(ns, "virtualmachines", "demo")+"?includeObject=Object", "", "Accept", asTable))
	if !strings.Contains(string(whole.Rows[0].Object.Raw), `"kind":"VirtualMachine"`) {
		t.Errorf("the whole object of a row is %.200s", whole.Rows[0].Object.Raw)
	}
	// A watch of tables tells the columns once.
	a := s.call(t, http.MethodGet, pathOf(ns, "virtualmachines", "")+"?watch=1&timeoutSeconds=1", "", "Accept", asTable)
	var event struct {
		Type   string
		Object metav1.Table
	}
	if err := json.NewDecoder(strings.NewReader(a.body)).Decode(&event); err != nil || event.Type != "ADDED" || len(event.Object.Rows) != 1 || len(event.Object.ColumnDefinitions) == 0 {
		t.Errorf("a watch of tables: %d %.300s: %v", a.code, a.body, err)
	}
}

// partialMetadata holds what the garbage collector and other controllers of all kinds rely on.
func partialMetadata(t *testing.T, s *suite) {
	ns := s.namespace(t)
	s.create(t, ns, newVM("demo", withLabel("app", "web")))
	client := must(metadata.NewForConfig(s.config))(t).Resource(v1.SchemeGroupVersion.WithResource("virtualmachines")).Namespace(ns)
	got := must(client.Get(t.Context(), "demo", metav1.GetOptions{}))(t)
	if got.Labels["app"] != "web" || got.UID == "" {
		t.Errorf("metadata of an object: %+v", got)
	}
	list := must(client.List(t.Context(), metav1.ListOptions{}))(t)
	if len(list.Items) != 1 || list.ResourceVersion == "" {
		t.Errorf("metadata of all objects: %+v", list)
	}
	w := must(client.Watch(t.Context(), metav1.ListOptions{
		SendInitialEvents: ptr(true), AllowWatchBookmarks: true, ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan,
	}))(t)
	defer w.Stop()
	if event := next(t, w); event.Type != watch.Added || event.Object.(*metav1.PartialObjectMetadata).Name != "demo" {
		t.Errorf("event %s of %v", event.Type, event.Object)
	}
	for event := next(t, w); event.Type != watch.Bookmark; event = next(t, w) {
		if event.Type != watch.Modified {
			t.Fatalf("event %s of %v, want the end of the state", event.Type, event.Object)
		}
	}
}
