// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	clientset "github.com/virtplane/virtplane/client/clientset/versioned"
)

// TestStreamsOutliveTheRequestTimeout holds that the time that the server gives a request, a minute
// otherwise, ends neither a watch nor the console of a guest that says nothing.
func TestStreamsOutliveTheRequestTimeout(t *testing.T) {
	const timeout = 2 * time.Second
	s := must(cluster.newServer(""))(t)
	o := must(cluster.options(cluster.file("unused")))(t)
	o.Recommended.SecureServing.Listener = s.listener
	o.Recommended.Etcd.StorageConfig.Transport.ServerList = []string{"unix://" + cluster.file("client.sock")}
	ctx, stop := context.WithCancel(context.Background())
	config := must(o.Config(ctx))(t)
	config.Generic.RequestTimeout = timeout
	virtAPI := must(config.New())(t)
	go func() { s.done <- virtAPI.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-s.done; err != nil {
			t.Error(err)
		}
	})
	if err := s.wait(t.Context()); err != nil {
		t.Fatal(err)
	}

	login := must(s.login("admin", "system:masters"))(t)
	api := must(clientset.NewForConfig(login))(t).KubevirtV1()
	ns := newNamespace(t)
	p := startPlugin(t, "patient-node")
	vmi := must(api.VirtualMachineInstances(ns).Create(t.Context(), newVMI("demo"), metav1.CreateOptions{}))(t)
	vmi.Status.Phase, vmi.Status.NodeName = v1.Running, p.node
	must(api.VirtualMachineInstances(ns).UpdateStatus(t.Context(), vmi, metav1.UpdateOptions{}))(t)
	w := must(api.VirtualMachines(ns).Watch(t.Context(), metav1.ListOptions{}))(t)
	defer w.Stop()
	var console *websocket.Conn
	path := pathOf("kubevirt.io", ns, "virtualmachineinstances", "demo")
	eventually(t, "console", func(context.Context) error {
		var err error
		console, _, err = dialConsole(t, login, path+"/console", nil)
		return err
	})
	defer console.Close()

	// A request that is no stream ends at the timeout: it is in force.
	p.answer = func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() }
	begin := time.Now()
	a := call(t, login, http.MethodPut, path+"/pause", "", nil)
	if took := time.Since(begin); a.code != http.StatusGatewayTimeout || took < timeout || took > 5*timeout {
		t.Errorf("a request without an answer: %d %s after %s", a.code, a.body, took)
	}
	begin = time.Now()
	if a = call(t, login, http.MethodPut, path+"/unpause", "", nil); a.code < 400 {
		t.Errorf("a second one: %d after %s", a.code, time.Since(begin))
	}

	if err := console.WriteMessage(websocket.BinaryMessage, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if err := console.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, message, err := console.ReadMessage(); err != nil || string(message) != "guest: hello" {
		t.Errorf("the console says %q after the timeout: %v", message, err)
	}
	must(api.VirtualMachines(ns).Create(t.Context(), newVM("late"), metav1.CreateOptions{}))(t)
	expectEvent(t, w, "ADDED", "late")
}
