// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// plugin is the plugin of every node.
type plugin struct {
	url *url.URL
	err error
}

func (p plugin) Plugin(string) (*url.URL, http.RoundTripper, error) {
	return p.url, http.DefaultTransport, p.err
}

func TestAVerbGoesToThePluginOfTheNode(t *testing.T) {
	var asked, sent string
	var answer func(http.ResponseWriter)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		asked, sent = req.Method+" "+req.URL.Path, string(body)
		answer(w)
	}))
	defer server.Close()
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	vmi := stored()
	vmi.Status.NodeName, vmi.Status.Phase = "node1", v1.Running
	i := &Instances{hop: hop{plugin{url: base}}}
	do := func() error {
		return i.do(t.Context(), vmi, "freeze", &v1.EvacuateCancelOptions{EvacuationNodeName: "n"})
	}

	answer = func(w http.ResponseWriter) { w.WriteHeader(http.StatusOK) }
	if err := do(); err != nil {
		t.Errorf("a good answer: %v", err)
	}
	if want := "PUT /v1/namespaces/default/virtualmachineinstances/demo/freeze"; asked != want || sent != `{"evacuationNodeName":"n"}` {
		t.Errorf("asked %s with %s, want %s with the options", asked, sent, want)
	}
	refusal := conflict("demo", "VMI is already paused").(*apierrors.StatusError).Status()
	for _, c := range []struct {
		name, want string
		answer     func(http.ResponseWriter)
		kind       func(error) bool
	}{
		{"the plugin's own Status", refusal.Message, func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusConflict)
			_ = json.NewEncoder(w).Encode(refusal)
		}, apierrors.IsConflict},
		{"a plugin that does not know the verb", `the plugin of node "node1" does not serve freeze`,
			func(w http.ResponseWriter) { http.NotFound(w, nil) }, notServed},
		{"a plugin that knows no such method", `the plugin of node "node1" does not serve freeze`,
			func(w http.ResponseWriter) { w.WriteHeader(http.StatusMethodNotAllowed) }, notServed},
		{"a plugin that is busy", `freeze through the plugin of node "node1": busy`,
			func(w http.ResponseWriter) { http.Error(w, "busy", http.StatusServiceUnavailable) }, apierrors.IsServiceUnavailable},
		{"an answer that is no Status", "Internal error occurred: unexpected return code 502 (502 Bad Gateway), message: broken",
			func(w http.ResponseWriter) { http.Error(w, "broken", http.StatusBadGateway) }, apierrors.IsInternalError},
		{"a redirect", "Internal error occurred: unexpected return code 302 (302 Found), message: ", func(w http.ResponseWriter) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(http.StatusFound)
		}, apierrors.IsInternalError},
	} {
		answer = c.answer
		if err := do(); err == nil || err.Error() != c.want || !c.kind(err) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
	// A success that is dressed as an error must not pass as either.
	answer = func(w http.ResponseWriter) {
		w.WriteHeader(http.StatusTeapot)
		_ = json.NewEncoder(w).Encode(metav1.Status{Status: metav1.StatusSuccess})
	}
	if err := do(); !apierrors.IsInternalError(err) {
		t.Errorf("a Status of success with an error code: %v", err)
	}

	server.Close()
	if err := do(); !apierrors.IsInternalError(err) {
		t.Errorf("a plugin that is gone: %v", err)
	}
	i.hop = hop{plugin{err: errors.New("no virt-nodeplugin pod runs on the node")}}
	want := `reach the plugin of node "node1": no virt-nodeplugin pod runs on the node`
	if err := do(); !apierrors.IsServiceUnavailable(err) || err.Error() != want {
		t.Errorf("no plugin: %v, want %s", err, want)
	}
	vmi.Status.Phase = v1.Scheduling
	want = "Unable to connect to VirtualMachineInstance because phase is Scheduling instead of Running or Scheduled"
	if err := do(); !apierrors.IsBadRequest(err) || err.Error() != want {
		t.Errorf("no node yet: %v, want %s", err, want)
	}
}

func notServed(err error) bool {
	var known apierrors.APIStatus
	return errors.As(err, &known) && known.Status().Code == http.StatusNotImplemented && known.Status().Reason == "NotImplemented"
}
