// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package nodeplugin

import (
	"context"
	"encoding/json"
	"flag"
	"net/http"
	"strconv"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/klog/v2"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// setSettings stores the settings of the installation, as an administrator does.
func (f *fakeAPI) setSettings(spec v1.KubeVirtSpec) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.version++
	f.settings = &v1.KubeVirt{
		TypeMeta:   metav1.TypeMeta{Kind: "KubeVirt", APIVersion: "kubevirt.io/v1"},
		ObjectMeta: metav1.ObjectMeta{Namespace: testNamespace, Name: v1.KubeVirtName, ResourceVersion: strconv.Itoa(f.version)},
		Spec:       spec,
	}
	f.wake()
}

// listSettings answers as an older server does until there are settings.
func (f *fakeAPI) listSettings(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	settings, changed, version := f.settings, f.changed, f.version
	f.mu.Unlock()
	if settings == nil {
		http.NotFound(w, r)
		return
	}
	if r.URL.Query().Get("watch") == "" {
		reply(w, http.StatusOK, &v1.KubeVirtList{
			TypeMeta: metav1.TypeMeta{Kind: "KubeVirtList", APIVersion: "kubevirt.io/v1"},
			ListMeta: metav1.ListMeta{ResourceVersion: strconv.Itoa(version)}, Items: []v1.KubeVirt{*settings},
		})
		return
	}
	w.Header().Set("Content-Type", "application/json")
	for seen := r.URL.Query().Get("resourceVersion"); ; {
		if n, _ := strconv.Atoi(seen); n < version && settings.ResourceVersion != seen {
			json.NewEncoder(w).Encode(map[string]any{"type": "MODIFIED", "object": settings})
			seen = settings.ResourceVersion
		}
		w.(http.Flusher).Flush()
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
		f.mu.Lock()
		settings, changed, version = f.settings, f.changed, f.version
		f.mu.Unlock()
	}
}

// logLevel is the level that the process logs at.
func logLevel() string {
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	klog.InitFlags(flags)
	return flags.Lookup("v").Value.String()
}

func awaitLogLevel(t *testing.T, want string) {
	t.Helper()
	reached := func(context.Context) (bool, error) { return logLevel() == want, nil }
	if err := wait.PollUntilContextTimeout(t.Context(), 10*time.Millisecond, patience, true, reached); err != nil {
		t.Fatalf("the log level is %s, want %s: %v", logLevel(), want, err)
	}
}

func TestANodeLogsAsTheSettingsSay(t *testing.T) {
	n := newTestNode(t)
	before := logLevel()
	verbosity := func(l *v1.LogVerbosity) v1.KubeVirtSpec {
		return v1.KubeVirtSpec{Configuration: v1.KubeVirtConfiguration{DeveloperConfiguration: &v1.DeveloperConfiguration{LogVerbosity: l}}}
	}
	n.api.setSettings(verbosity(&v1.LogVerbosity{VirtHandler: 2, NodeVerbosity: map[string]int64{"another": 7}}))
	awaitLogLevel(t, "2")
	n.api.setSettings(verbosity(&v1.LogVerbosity{VirtHandler: 2, NodeVerbosity: map[string]int64{testNode: 3}}))
	awaitLogLevel(t, "3")
	n.api.setSettings(verbosity(nil))
	awaitLogLevel(t, before)
}
