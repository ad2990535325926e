// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package nodeplugin

import (
	"encoding/json"
	"net/http"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func (f *fakeAPI) listInstances(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("fieldSelector") != "status.nodeName="+testNode {
		http.Error(w, "a node sees its own only", http.StatusForbidden)
		return
	}
	if r.URL.Query().Get("watch") != "" {
		f.watchInstances(w, r)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	list := &v1.VirtualMachineInstanceList{
		TypeMeta: metav1.TypeMeta{Kind: "VirtualMachineInstanceList", APIVersion: "kubevirt.io/v1"},
		ListMeta: metav1.ListMeta{ResourceVersion: strconv.Itoa(f.version)},
	}
	for _, vmi := range f.vmis {
		list.Items = append(list.Items, *vmi)
	}
	reply(w, http.StatusOK, list)
}

func (f *fakeAPI) watchInstances(w http.ResponseWriter, r *http.Request) {
	seen, _ := strconv.Atoi(r.URL.Query().Get("resourceVersion"))
	w.Header().Set("Content-Type", "application/json")
	for {
		f.mu.Lock()
		changed, away, history := f.changed, f.away, f.history
		f.mu.Unlock()
		if away {
			panic(http.ErrAbortHandler)
		}
		for _, e := range history {
			if e.version > seen {
				json.NewEncoder(w).Encode(map[string]any{"type": e.kind, "object": e.vmi})
				seen = e.version
			}
		}
		w.(http.Flusher).Flush()
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}

func (f *fakeAPI) getInstance(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	vmi := f.vmis[r.PathValue("namespace")+"/"+r.PathValue("name")]
	if vmi == nil {
		reply(w, http.StatusNotFound, metav1.Status{Status: metav1.StatusFailure, Reason: metav1.StatusReasonNotFound, Code: 404})
		return
	}
	reply(w, http.StatusOK, vmi)
}

func (f *fakeAPI) putStatus(w http.ResponseWriter, r *http.Request) {
	vmi := &v1.VirtualMachineInstance{}
	if !f.decode(w, r, vmi) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	current := f.vmis[vmi.Namespace+"/"+vmi.Name]
	if current == nil || current.ResourceVersion != vmi.ResourceVersion {
		reply(w, http.StatusConflict, metav1.Status{Status: metav1.StatusFailure, Reason: metav1.StatusReasonConflict, Code: 409})
		return
	}
	f.writes["status"]++
	reply(w, http.StatusOK, f.store(vmi))
}
