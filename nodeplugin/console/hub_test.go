// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/klog/v2"

	"github.com/virtplane/virtplane/launcher/session"
)

// testLauncher is the launcher's end of a console connection.
type testLauncher struct {
	net.Conn
	conn *session.Conn
	// served receives what Serve returned.
	served chan error
}

// dial connects a launcher with h that continues at offset, or where h asks when offset is nil.
func dial(t *testing.T, h *Hub, offset func(asked uint64) uint64) *testLauncher {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	server, err := l.AcceptUnix()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); server.Close() })
	launcher := &testLauncher{Conn: client, conn: session.NewConn(client, session.MaxFromPlugin), served: make(chan error, 1)}
	go func() {
		err := h.Serve(t.Context(), session.NewConn(server, session.MaxFromLauncher))
		server.Close()
		launcher.served <- err
	}()
	m, _, err := launcher.conn.Receive()
	if err != nil || m.Resume == nil {
		t.Fatalf("got %+v, %v", m, err)
	}
	start := m.Resume.Offset
	if offset != nil {
		start = offset(start)
	}
	if err := launcher.conn.Send(&session.Message{ConsoleStart: &session.ConsoleStart{Offset: start}}); err != nil {
		t.Fatal(err)
	}
	return launcher
}

func newTestHub(t *testing.T, path string) *Hub {
	t.Helper()
	log, err := openLog(path, DefaultLimits.Run/2)
	if err != nil {
		t.Fatal(err)
	}
	h := NewHub(log, klog.Background())
	t.Cleanup(h.End)
	return h
}

// readUntil collects a viewer's output until it ends with want.
func readUntil(t *testing.T, v *Viewer, want string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var got []byte
	for !bytes.HasSuffix(got, []byte(want)) {
		piece, err := v.Next(ctx)
		if err != nil {
			t.Fatalf("%v after %d bytes", err, len(got))
		}
		got = append(append(got, piece.Note()...), piece.Output...)
	}
	return string(got)
}

func view(t *testing.T, h *Hub) *Viewer {
	t.Helper()
	v, err := h.View()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestAllViewersSeeAllOutputAndMayType(t *testing.T) {
	h := newTestHub(t, filepath.Join(t.TempDir(), "log"))
	launcher := dial(t, h, nil)
	io.WriteString(launcher, "boot\n")
	readUntil(t, view(t, h), "boot\n")
	var all []*Viewer
	for range 30 {
		all = append(all, view(t, h))
	}
	var want strings.Builder
	want.WriteString("boot\n")
	go func() {
		for i := range 2000 {
			fmt.Fprintf(launcher, "line %d\n", i)
		}
	}()
	for i := range 2000 {
		fmt.Fprintf(&want, "line %d\n", i)
	}
	for i, v := range all {
		if got := readUntil(t, v, "line 1999\n"); got != want.String() {
			t.Fatalf("viewer %d got %d bytes, want %d", i, len(got), want.Len())
		}
	}
	for i, v := range all[:3] {
		if err := v.Type(t.Context(), fmt.Appendf(nil, "key%d", i)); err != nil {
			t.Fatal(err)
		}
		typed := make([]byte, 4)
		if _, err := io.ReadFull(launcher, typed); err != nil || string(typed) != fmt.Sprintf("key%d", i) {
			t.Fatalf("launcher got %q, %v", typed, err)
		}
	}
}

func TestEndLetsViewersFinish(t *testing.T) {
	h := newTestHub(t, filepath.Join(t.TempDir(), "log"))
	launcher := dial(t, h, nil)
	v := view(t, h)
	io.WriteString(launcher, "Power down")
	readUntil(t, view(t, h), "Power down")
	h.End()
	readUntil(t, v, "Power down")
	if _, err := v.Next(t.Context()); !errors.Is(err, io.EOF) {
		t.Fatalf("got %v", err)
	}
	if _, err := h.View(); !errors.Is(err, ErrEnded) {
		t.Fatalf("got %v", err)
	}
}

func TestNewerConnectionReplacesTheOlder(t *testing.T) {
	h := newTestHub(t, filepath.Join(t.TempDir(), "log"))
	first := dial(t, h, nil)
	v := view(t, h)
	io.WriteString(first, "one")
	readUntil(t, v, "one")
	second := dial(t, h, nil)
	<-first.served
	io.WriteString(second, "two")
	readUntil(t, v, "two")
	if got := h.log.Offset(); got != 6 {
		t.Fatalf("offset %d", got)
	}
}

func TestViewersAreLetGoWhenTheLauncherStaysAway(t *testing.T) {
	h := newTestHub(t, filepath.Join(t.TempDir(), "log"))
	launcher := dial(t, h, nil)
	v := view(t, h)
	launcher.Close()
	<-launcher.served
	ctx, cancel := context.WithTimeout(t.Context(), lingering+5*time.Second)
	defer cancel()
	if _, err := v.Next(ctx); !errors.Is(err, io.EOF) {
		t.Fatalf("got %v", err)
	}
}

func TestHostileConsoleHandshakes(t *testing.T) {
	h := newTestHub(t, filepath.Join(t.TempDir(), "log"))
	good := dial(t, h, nil)
	io.WriteString(good, "fine")
	readUntil(t, view(t, h), "fine")
	absurd := dial(t, h, func(uint64) uint64 { return 1 << 63 })
	if err := <-absurd.served; err == nil {
		t.Error("accepted an absurd offset")
	}
	if got := h.log.Offset(); got != 4 {
		t.Errorf("offset is %d now", got)
	}
}

func TestTooManyViewersAreRefused(t *testing.T) {
	h := newTestHub(t, filepath.Join(t.TempDir(), "log"))
	for range maxViewers {
		view(t, h)
	}
	last, err := h.View()
	if !errors.Is(err, ErrTooManyViewers) {
		t.Fatalf("got %v, %v", last, err)
	}
}

// TestRestartMissesNothing kills the plugin, in effect, between two pieces of output.
func TestRestartMissesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ns_vm_uid.log")
	serial := strings.Repeat("all work and no play\n", 100)
	h := newTestHub(t, path)
	launcher := dial(t, h, nil)
	io.WriteString(launcher, serial[:500])
	readUntil(t, view(t, h), serial[:500])

	h = newTestHub(t, path)
	var asked uint64
	launcher = dial(t, h, func(offset uint64) uint64 { asked = offset; return offset })
	if asked != 500 {
		t.Fatalf("asked for %d", asked)
	}
	io.WriteString(launcher, serial[asked:])
	if got := readUntil(t, view(t, h), serial[500:]); got != serial {
		t.Fatalf("got %d bytes, want %d", len(got), len(serial))
	}
	// Output that the launcher no longer has leaves a gap of which viewers hear, and the offsets stay right.
	watching := view(t, h)
	readUntil(t, watching, serial)
	launcher = dial(t, h, func(offset uint64) uint64 { return offset + 1000 })
	io.WriteString(launcher, "later")
	if got, want := readUntil(t, watching, "later"), "\r\n[virtplane: 1000 bytes of output skipped]\r\nlater"; got != want {
		t.Errorf("a viewer got %q, want %q", got, want)
	}
	if got := readUntil(t, view(t, h), "later"); !strings.HasSuffix(got, "1000 bytes of output skipped]\r\nlater") || !strings.HasPrefix(got, "all work") {
		t.Errorf("a later viewer got %q", got)
	}
	h = newTestHub(t, path)
	dial(t, h, func(offset uint64) uint64 { asked = offset; return offset })
	if want := uint64(len(serial) + 1000 + 5); asked != want {
		t.Fatalf("asked for %d, want %d", asked, want)
	}
}
