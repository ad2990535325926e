// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"os"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// idleEnv is how long TestIdleStreams leaves its streams alone, such as 31m.
const idleEnv = "VIRTPLANE_TEST_IDLE"

// TestIdleStreams holds that nothing on the way, kube-apiserver included, ends a stream on which nobody says a word, not
// even by a ping.
func TestIdleStreams(t *testing.T) {
	idle, err := time.ParseDuration(os.Getenv(idleEnv))
	if err != nil {
		t.Skipf("takes as long as %s says, which is not set: %v", idleEnv, err)
	}
	p := startPlugin(t, "idle-node")
	ns := newNamespace(t)
	setPhase(t, runOn(t, ns, "demo", p.node), v1.Running, func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.Interfaces = []v1.VirtualMachineInstanceNetworkInterface{{Name: "default", IP: "192.0.2.7"}}
	})
	path := pathOf("subresources.kubevirt.io", ns, "virtualmachineinstances", "demo")
	streams := map[string]*websocket.Conn{}
	for _, name := range []string{"console", "vnc", "portforward/22/tcp"} {
		conn, resp, err := dialConsole(t, cluster.admin, path+"/"+name, nil)
		if err != nil {
			t.Fatalf("%s: %v %v", name, err, resp)
		}
		defer conn.Close()
		streams[name] = conn
	}
	p.drain()
	// This is the test: nothing happens.
	time.Sleep(idle)
	for name, conn := range streams {
		if err := conn.WriteMessage(websocket.BinaryMessage, []byte("hello")); err != nil {
			t.Errorf("%s: write after %s: %v", name, idle, err)
			continue
		}
		if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		if _, message, err := conn.ReadMessage(); err != nil || string(message) != "guest: hello" {
			t.Errorf("%s says %q after %s: %v", name, message, idle, err)
		}
	}
}
