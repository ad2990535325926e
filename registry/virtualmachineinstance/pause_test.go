// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func TestWhenAnInstanceCanBePausedAndUnpaused(t *testing.T) {
	const prefix = `Operation cannot be fulfilled on virtualmachineinstance.kubevirt.io "demo": `
	running := func(change func(*v1.VirtualMachineInstance)) *v1.VirtualMachineInstance {
		vmi := stored()
		vmi.Status.Phase = v1.Running
		if change != nil {
			change(vmi)
		}
		return vmi
	}
	paused := func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.Conditions = []v1.VirtualMachineInstanceCondition{{Type: v1.VirtualMachineInstancePaused, Status: v1.ConditionTrue}}
	}
	for _, c := range []struct {
		name           string
		vmi            *v1.VirtualMachineInstance
		pause, unpause string
		pauseKind      func(error) bool
		unpauseKind    func(error) bool
	}{
		{"starting", stored(), prefix + "VM is not running", prefix + "VMI is not running", apierrors.IsConflict, apierrors.IsConflict},
		{"running", running(nil), "", prefix + "VMI is not paused", nil, apierrors.IsConflict},
		{"paused", running(paused), prefix + "VMI is already paused", "", apierrors.IsConflict, nil},
		{"with a liveness probe", running(func(vmi *v1.VirtualMachineInstance) { vmi.Spec.LivenessProbe = &v1.Probe{} }),
			`virtualmachineinstance.kubevirt.io "demo" is forbidden: Pausing VMIs with LivenessProbe is currently not supported`, prefix + "VMI is not paused",
			apierrors.IsForbidden, apierrors.IsConflict},
	} {
		expect(t, c.name+": pause", pause.check(c.vmi), c.pause, c.pauseKind)
		expect(t, c.name+": unpause", unpause.check(c.vmi), c.unpause, c.unpauseKind)
	}
}

func expect(t *testing.T, name string, err error, want string, kind func(error) bool) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("%s: refused: %v", name, err)
	case want != "" && (err == nil || err.Error() != want || !kind(err)):
		t.Errorf("%s: got %v, want %s", name, err, want)
	}
}

// plugin is the plugin of every node.
type plugin struct {
	url *url.URL
	err error
}

func (p plugin) Plugin(string) (*url.URL, http.RoundTripper, error) {
	return p.url, http.DefaultTransport, p.err
}

func TestAPauseGoesToThePluginOfTheNode(t *testing.T) {
	var asked string
	var answer func(http.ResponseWriter)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		asked = req.Method + " " + req.URL.Path
		answer(w)
	}))
	defer server.Close()
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	vmi := stored()
	vmi.Status.NodeName = "node1"
	r := &PauseREST{nodes: plugin{url: base}, verb: pause}

	answer = func(w http.ResponseWriter) { w.WriteHeader(http.StatusOK) }
	if err := r.forward(t.Context(), vmi); err != nil {
		t.Errorf("a good answer: %v", err)
	}
	if want := "PUT /v1/namespaces/default/virtualmachineinstances/demo/pause"; asked != want {
		t.Errorf("asked %s, want %s", asked, want)
	}

	refusal := conflict("demo", "VMI is already paused").(*apierrors.StatusError).Status()
	answer = func(w http.ResponseWriter) {
		w.WriteHeader(http.StatusConflict)
		_ = json.NewEncoder(w).Encode(refusal)
	}
	if err := r.forward(t.Context(), vmi); !apierrors.IsConflict(err) || err.Error() != refusal.Message {
		t.Errorf("the plugin's own Status: %v, want %s", err, refusal.Message)
	}

	answer = func(w http.ResponseWriter) { http.Error(w, "broken", http.StatusBadGateway) }
	want := "Internal error occurred: unexpected return code 502 (502 Bad Gateway), message: broken\n"
	if err := r.forward(t.Context(), vmi); !apierrors.IsInternalError(err) || err.Error() != want {
		t.Errorf("an answer that is no Status: %v, want %s", err, want)
	}

	// A success that is dressed as an error must not pass as either.
	answer = func(w http.ResponseWriter) {
		w.WriteHeader(http.StatusTeapot)
		_ = json.NewEncoder(w).Encode(metav1.Status{Status: metav1.StatusSuccess})
	}
	if err := r.forward(t.Context(), vmi); !apierrors.IsInternalError(err) {
		t.Errorf("a Status of success with an error code: %v", err)
	}

	server.Close()
	if err := r.forward(t.Context(), vmi); !apierrors.IsInternalError(err) {
		t.Errorf("a plugin that is gone: %v", err)
	}
	r.nodes = plugin{err: errors.New("no virt-nodeplugin pod runs on the node")}
	want = `reach the plugin of node "node1": no virt-nodeplugin pod runs on the node`
	if err := r.forward(t.Context(), vmi); !apierrors.IsServiceUnavailable(err) || err.Error() != want {
		t.Errorf("no plugin: %v, want %s", err, want)
	}
}
