// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// openLog reads a log as kubectl get --raw does.
func openLog(t *testing.T, ctx context.Context, login *rest.Config, path string) io.ReadCloser {
	t.Helper()
	req := must(http.NewRequestWithContext(ctx, http.MethodGet, login.Host+path, nil))(t)
	resp := must(must(rest.HTTPClientFor(login))(t).Do(req))(t)
	if resp.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(resp.Body)
		t.Fatalf("%s: %d %s", path, resp.StatusCode, body)
	}
	return resp.Body
}

// tell answers requests for a log with lines, one for each that comes out of says, and tells when the client has gone.
func tell(says <-chan string, gone chan<- struct{}) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		for {
			select {
			case line, open := <-says:
				if !open {
					return
				}
				io.WriteString(w, line)
				w.(http.Flusher).Flush()
			case <-req.Context().Done():
				gone <- struct{}{}
				return
			}
		}
	}
}

func TestALogIsFollowedThroughBothServers(t *testing.T) {
	p := startPlugin(t, "log-node")
	ns := newNamespace(t)
	vmi := runOn(t, ns, "demo", p.node)
	p.drain()
	for server, login := range map[string]*rest.Config{"virt-apiserver": cluster.direct, "kube-apiserver": cluster.admin} {
		for _, group := range groups {
			what := fmt.Sprintf("log of %s through %s", group, server)
			says, gone := make(chan string), make(chan struct{}, 1)
			p.answer = tell(says, gone)
			ctx, cancel := context.WithCancel(t.Context())
			body := openLog(t, ctx, login, pathOf(group, ns, "virtualmachineinstances", "demo")+"/log?follow=true&tailLines=10&position=run:7")
			req := <-p.asked
			if got, want := req.URL.String(), "/v1/namespaces/"+ns+"/virtualmachineinstances/demo/log?follow=true&owner="+string(vmi.UID)+
				"&position=run%3A7&run="+string(vmi.UID)+"&tailLines=10"; got != want {
				t.Errorf("%s: the plugin was asked %s, want %s", what, got, want)
			}
			for header := range req.Header {
				if header != "User-Agent" && header != "Accept-Encoding" {
					t.Errorf("%s: the node got the header %s", what, header)
				}
			}
			lines := bufio.NewReader(body)
			for i := range 3 {
				// Each line arrives before the next one is said.
				line := fmt.Sprintf("[%d] it boots\r\n", i)
				says <- line
				if got, err := lines.ReadString('\n'); got != line || err != nil {
					t.Fatalf("%s: got %q, %v", what, got, err)
				}
			}
			cancel()
			body.Close()
			select {
			case <-gone:
			case <-t.Context().Done():
			}
		}
	}
}

func TestALogThatBreaksOffIsNoWholeLog(t *testing.T) {
	p := startPlugin(t, "breaking-node")
	ns := newNamespace(t)
	runOn(t, ns, "demo", p.node)
	p.drain()
	p.answer = func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "half of i")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	for server, login := range map[string]*rest.Config{"virt-apiserver": cluster.direct, "kube-apiserver": cluster.admin} {
		body := openLog(t, t.Context(), login, pathOf("kubevirt.io", ns, "virtualmachineinstances", "demo")+"/log")
		got, err := io.ReadAll(body)
		if err == nil {
			t.Errorf("%s: the whole log is %q", server, got)
		}
		<-p.asked
	}
}

func TestLogOfAMachineThatIsStopped(t *testing.T) {
	p := startPlugin(t, "keeping-node")
	ns := newNamespace(t)
	vm, vmi := started(t, ns, func(vmi *v1.VirtualMachineInstance) { vmi.Status.NodeName = p.node })
	get := func(resource, query string) answer {
		t.Helper()
		return call(t, cluster.direct, http.MethodGet, pathOf("kubevirt.io", ns, resource, "demo")+"/log"+query, "", nil)
	}
	eventually(t, "plugin of the node", func(context.Context) error {
		if a := get("virtualmachines", ""); a.code != http.StatusOK {
			return fmt.Errorf("%d %s", a.code, a.body)
		}
		return nil
	})
	p.drain()
	p.answer = func(w http.ResponseWriter, req *http.Request) {
		query := req.URL.Query()
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, "owner=%s run=%s previous=%s", query.Get("owner"), query.Get("run"), query.Get("previous"))
	}
	expect := func(state, resource, query, want string) {
		t.Helper()
		a := get(resource, query)
		if a.code != http.StatusOK || a.body != want || a.header.Get("Content-Type") != "text/plain" || a.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s, %s%s: %d %q %v, want %q", state, resource, query, a.code, a.body, a.header, want)
		}
		<-p.asked
	}
	run := fmt.Sprintf("owner=%s run=%s previous=", vm.UID, vmi.UID)
	for _, resource := range []string{"virtualmachines", "virtualmachineinstances"} {
		expect("running", resource, "", run)
		expect("running", resource, "?previous=true", run+"true")
	}
	// The run before was on another node, where nobody answers.
	annotate := func(node string) {
		t.Helper()
		patch := must(json.Marshal(map[string]any{"metadata": map[string]any{"annotations": map[string]string{v1.LastNodeAnnotation: node}}}))(t)
		must(machines(ns).Patch(t.Context(), "demo", types.MergePatchType, patch, metav1.PatchOptions{}))(t)
	}
	annotate("lost-node")
	expect("running", "virtualmachines", "", run)
	for _, resource := range []string{"virtualmachines", "virtualmachineinstances"} {
		expectRefusal(t, "run before on a lost node", get(resource, "?previous=true"), 503,
			`the log is on the node "lost-node", which cannot be reached: no virt-nodeplugin pod runs on the node`)
	}
	setPhase(t, vmi, v1.Succeeded)
	expect("ended", "virtualmachines", "", run)
	annotate(p.node)
	vmi = getVMI(t, ns, "demo")
	vmi.Finalizers = nil
	must(instances(ns).Update(t.Context(), vmi, metav1.UpdateOptions{}))(t)
	if err := instances(ns).Delete(t.Context(), "demo", metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		t.Fatal(err)
	}
	expect("stopped", "virtualmachines", "", fmt.Sprintf("owner=%s run= previous=", vm.UID))
	expect("stopped", "virtualmachines", "?previous=true&tailBytes=100", fmt.Sprintf("owner=%s run= previous=true", vm.UID))
	p.answer = func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_ = json.NewEncoder(w).Encode(metav1.Status{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure, Code: 404, Reason: metav1.StatusReasonNotFound,
			Message: "this node keeps no log of the run before",
		})
	}
	expectRefusal(t, "nothing kept", get("virtualmachines", "?previous=true"), 404, "this node keeps no log of the run before")
	<-p.asked
	annotate("lost-node")
	expectRefusal(t, "lost node", get("virtualmachines", ""), 503,
		`the log is on the node "lost-node", which cannot be reached: no virt-nodeplugin pod runs on the node`)
	for query, want := range map[string]string{
		"?follow=maybe":              `follow: "maybe" is neither true nor false`,
		"?tailLines=-1":              `tailLines: "-1" is not a number from 0 on`,
		"?tailBytes=many":            `tailBytes: "many" is not a number from 0 on`,
		"?previous=true&follow=true": "previous, follow: the run before has ended; give one of them",
	} {
		expectRefusal(t, query, get("virtualmachines", query), 400, want)
	}
}
