// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package nodeplugin

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sys/unix"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/session"
)

// connected returns a guest that runs, and waits until streams to it are served.
func (n *testNodePlugin) connected(name string) *guest {
	n.t.Helper()
	g := n.schedule(name)
	g.connect("")
	g.report(session.StateRunning)
	n.api.await("tenant", name, inPhase(v1.Running))
	c, _, err := g.view(n.client) // waits for the certificate
	if err != nil {
		n.t.Fatal(err)
	}
	c.Close()
	return g
}

// stream opens a stream as virt-apiserver does.
func (g *guest) stream(verb string, protocols ...string) (*websocket.Conn, *http.Response, error) {
	dialer := websocket.Dialer{TLSClientConfig: g.n.client, Subprotocols: protocols, HandshakeTimeout: patience}
	conn, answer, err := dialer.Dial("wss://"+g.n.config.StreamAddress+g.path(verb), nil)
	if err == nil {
		g.n.t.Cleanup(func() { conn.Close() })
		err = conn.SetReadDeadline(time.Now().Add(patience))
	}
	return conn, answer, err
}

// open has the launcher take one command, hand over a socket for it, and answer. It returns the other end.
func (g *guest) open(verb session.Verb) *os.File {
	m := g.receive(g.conn)
	if m.Command == nil || m.Command.Verb != verb {
		g.n.t.Errorf("the launcher got %+v, want %s", m.Command, verb)
		return nil
	}
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		g.n.t.Error(err)
		return nil
	}
	conn := g.dial()
	g.send(conn, &session.Message{Hello: &session.Hello{Version: 1, Kind: session.KindStream, Command: m.Command.ID}}, fds[0])
	unix.Close(fds[0])
	if _, _, err := conn.Receive(); err == nil {
		g.n.t.Error("the plugin answers a stream")
	}
	g.send(g.conn, &session.Message{Result: &session.Result{ID: m.Command.ID}})
	return os.NewFile(uintptr(fds[1]), "screen")
}

// TestTheScreenOfAGuest goes the whole way from a viewer to a launcher's socket and back, with two viewers.
func TestTheScreenOfAGuest(t *testing.T) {
	n := newTestNode(t)
	g := n.connected("demo")
	var viewers []*websocket.Conn
	for _, protocol := range []string{"plain.kubevirt.io", "binary"} {
		screens := make(chan *os.File, 1)
		go func() { screens <- g.open(session.VerbVNC) }()
		viewer, _, err := g.stream("vnc", protocol)
		if err != nil {
			t.Fatal(err)
		}
		if viewer.Subprotocol() != protocol {
			t.Errorf("the plugin chose %q", viewer.Subprotocol())
		}
		screen := <-screens
		t.Cleanup(func() { screen.Close() })
		if _, err := screen.WriteString("RFB 003.008\n"); err != nil {
			t.Fatal(err)
		}
		hears(t, viewer, "RFB 003.008\n")
		if err := viewer.WriteMessage(websocket.BinaryMessage, []byte("RFB")); err != nil {
			t.Fatal(err)
		}
		if err := screen.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		if said := make([]byte, 3); true {
			if _, err := io.ReadFull(screen, said); err != nil || string(said) != "RFB" {
				t.Errorf("the screen got %q, %v", said, err)
			}
		}
		viewers = append(viewers, viewer)
	}
	if _, answer, err := g.stream("vnc?preserveSession=true"); err == nil || answer == nil || answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a polite viewer got in: %v", err)
	}
	// A plugin that restarts tells its viewers to come again.
	n.stop()
	for _, viewer := range viewers {
		if _, _, err := viewer.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseGoingAway) {
			t.Errorf("the end is %v", err)
		}
	}
}

func TestThePictureOfAGuest(t *testing.T) {
	n := newTestNode(t)
	g := n.connected("demo")
	want := []byte("\x89PNG\r\n\x1a\n and then\x00\x00\x00\x00IEND\xaeB`\x82")
	done := make(chan struct{})
	go func() {
		defer close(done)
		if far := g.open(session.VerbScreenshot); far != nil {
			defer far.Close()
			if _, err := far.Write(want); err != nil {
				t.Error(err)
			}
		}
	}()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: n.client, DisableKeepAlives: true}}
	answer, err := client.Get("https://" + n.config.StreamAddress + g.path("vnc/screenshot"))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if got, err := io.ReadAll(answer.Body); err != nil || answer.StatusCode != 200 || !bytes.Equal(got, want) {
		t.Errorf("got %d %q, %v", answer.StatusCode, got, err)
	}
	<-done
}

// TestAPortOfTheGuest goes from a client through the network of the guest's pod.
func TestAPortOfTheGuest(t *testing.T) {
	n := newTestNode(t)
	g := n.connected("demo")
	nic := g.start.Interfaces[0]
	inside := g.pod.PlugGuest(t, nic.Bridge, nic.Address)
	var listener net.Listener
	inside.Do(t, func() (err error) {
		listener, err = net.Listen("tcp", ":22")
		return err
	})
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, "SSH-2.0")
			conn.Close()
		}
	}()
	// Somebody in the pod itself, who must not be met.
	var stranger net.Listener
	g.pod.Do(t, func() (err error) {
		stranger, err = net.Listen("tcp", ":23")
		return err
	})
	defer stranger.Close()
	client, _, err := g.stream("portforward/22/tcp", "plain.kubevirt.io")
	if err != nil {
		t.Fatal(err)
	}
	hears(t, client, "SSH-2.0")
	if _, _, err := client.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
		t.Errorf("the end is %v", err)
	}
	_, answer, err := g.stream("portforward/23/tcp")
	if err == nil {
		t.Fatal("a port of the pod was forwarded")
	}
	body, _ := io.ReadAll(answer.Body)
	if answer.StatusCode != 500 || !bytes.Contains(body, []byte("dialing VM: connection refused: nothing listens on port 23 of the guest")) {
		t.Errorf("a closed port: %d %s", answer.StatusCode, body)
	}
	metrics, err := http.Get("http://" + n.config.HealthAddress + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer metrics.Body.Close()
	text, err := io.ReadAll(metrics.Body)
	if want := `virtplane_nodeplugin_stream_bytes_total{direction="from-guest",kind="portforward-tcp"}`; err != nil || !bytes.Contains(text, []byte(want)) {
		t.Errorf("metrics have no %s, %v", want, err)
	}
}
