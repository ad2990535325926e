// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/types"
)

func TestAGuestIsDialledWhileItHasASession(t *testing.T) {
	n := newNode(t)
	v := n.open(t, "demo")
	g := n.Lookup(types.NamespacedName{Namespace: "tenant", Name: "demo"})
	if _, err := g.Dial(t.Context(), "tcp", 22); !errors.Is(err, ErrNotConnected) {
		t.Errorf("before a session: %v", err)
	}
	l := newLauncher(t, v)
	start := l.connect()
	inside := l.pod.PlugGuest(t, start.Interfaces[0].Bridge, start.Interfaces[0].Address)
	var listener net.Listener
	inside.Do(t, func() (err error) {
		listener, err = net.Listen("tcp", ":22")
		return err
	})
	defer listener.Close()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		_, _ = io.WriteString(conn, "SSH-2.0")
		conn.Close()
	}()
	conn, err := g.Dial(t.Context(), "tcp", 22)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if heard, err := io.ReadAll(conn); err != nil || string(heard) != "SSH-2.0" {
		t.Errorf("heard %q, %v", heard, err)
	}
	if _, err := g.Dial(t.Context(), "tcp", 23); err == nil || !strings.HasPrefix(err.Error(), "connection refused: ") {
		t.Errorf("a closed port: %v", err)
	}
	n.Wait() // ends all sessions
	if _, err := g.Dial(t.Context(), "tcp", 22); !errors.Is(err, ErrNotConnected) {
		t.Errorf("after the session: %v", err)
	}
}

func TestAGuestWithoutANICIsNotDialled(t *testing.T) {
	n := newNode(t)
	vmi, v := n.instance("alone")
	vmi.Spec.Domain.Devices.Interfaces, vmi.Spec.Networks = nil, nil
	n.instances.put(vmi)
	if err := os.MkdirAll(filepath.Dir(v.Target), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := n.Open(v); err != nil {
		t.Fatal(err)
	}
	newLauncher(t, v).connect()
	g := n.Lookup(types.NamespacedName{Namespace: "tenant", Name: "alone"})
	if _, err := g.Dial(t.Context(), "tcp", 22); !errors.Is(err, ErrNoNetwork) {
		t.Errorf("got %v", err)
	}
}
