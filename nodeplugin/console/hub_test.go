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

func TestStuckViewerMissesOutputAndSlowsNobody(t *testing.T) {
	h := newTestHub(t, filepath.Join(t.TempDir(), "log"))
	launcher := dial(t, h, nil)
	stuck, fast := view(t, h), view(t, h)
	const total = 20 << 20
	go func() {
		line := bytes.Repeat([]byte("x"), 64<<10)
		for range total / len(line) {
			launcher.Write(line)
		}
		io.WriteString(launcher, "END")
	}()
	start := time.Now()
	if got := len(readUntil(t, fast, "END")); got != total+3 {
		t.Fatalf("the fast viewer got %d bytes, want %d", got, total+3)
	}
	// It costs its courtesy once, whatever comes after.
	if took := time.Since(start); took > 8*courtesy {
		t.Errorf("the stuck viewer made the fast one wait: %v", took)
	}
	piece, err := stuck.Next(t.Context())
	if err != nil || piece.Skipped < total-4<<20 {
		t.Fatalf("the stuck viewer skipped %d bytes, %v", piece.Skipped, err)
	}
	rest := len(piece.Output)
	for !bytes.HasSuffix(piece.Output, []byte("END")) {
		if piece, err = stuck.Next(t.Context()); err != nil || piece.Skipped > 0 {
			t.Fatalf("skipped %d bytes more, %v", piece.Skipped, err)
		}
		rest += len(piece.Output)
	}
	if rest != Scrollback {
		t.Errorf("the stuck viewer goes on with %d bytes", rest)
	}
}

// TestSlowViewersThatReadMissNothing has one that takes what it has to for that, and no more.
func TestSlowViewersThatReadMissNothing(t *testing.T) {
	h := newTestHub(t, filepath.Join(t.TempDir(), "log"))
	launcher := dial(t, h, nil)
	slow := view(t, h)
	const total = 2 << 20
	go func() {
		for i := range total / 16 {
			fmt.Fprintf(launcher, "%015d\n", i)
		}
	}()
	var got []byte
	for len(got) < total {
		piece, err := slow.Next(t.Context())
		if err != nil || piece.Skipped > 0 {
			t.Fatalf("skipped %d bytes after %d, %v", piece.Skipped, len(got), err)
		}
		got = append(got, piece.Output...)
		// A line that carries half a megabyte in a second.
		time.Sleep(time.Duration(len(piece.Output)) * time.Second / (2 * allotment))
	}
	for i, line := range strings.Split(strings.TrimSuffix(string(got), "\n"), "\n") {
		if line != fmt.Sprintf("%015d", i) {
			t.Fatalf("line %d is %q", i, line)
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

// TestViewerGoesOnWhereItWas connects again after a restart, with more output in between than scrollback holds.
func TestViewerGoesOnWhereItWas(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	h := newTestHub(t, path)
	launcher := dial(t, h, nil)
	io.WriteString(launcher, "one\n")
	readUntil(t, view(t, h), "one\n")
	h = newTestHub(t, path)
	launcher = dial(t, h, nil)
	missed := strings.Repeat("two three four\n", 20000)
	io.WriteString(launcher, missed+"END")
	readUntil(t, view(t, h), "END")
	v, err := h.Resume(4)
	if err != nil {
		t.Fatal(err)
	}
	if got := readUntil(t, v, "END"); got != missed+"END" {
		t.Fatalf("got %d bytes, want %d", len(got), len(missed)+3)
	}
	// What nobody has any more is told.
	io.WriteString(launcher, strings.Repeat("x", 4<<20)+"STOP")
	readUntil(t, view(t, h), "STOP")
	if v, err = h.Resume(4); err != nil {
		t.Fatal(err)
	}
	if piece, err := v.Next(t.Context()); err != nil || piece.Skipped < 2<<20 {
		t.Fatalf("skipped %d, %v", piece.Skipped, err)
	}
}

func TestScrollbackComesInOnePiece(t *testing.T) {
	log, err := openLog(filepath.Join(t.TempDir(), "log"), Scrollback/2)
	if err != nil {
		t.Fatal(err)
	}
	h := NewHub(log, klog.Background())
	t.Cleanup(h.End)
	launcher := dial(t, h, nil)
	output := strings.Repeat("0123456789abcde\n", 2500)
	io.WriteString(launcher, output[:20000])
	first := view(t, h)
	readUntil(t, first, output[:20000])
	io.WriteString(launcher, output[20000:])
	readUntil(t, first, output[20000:])
	piece, err := view(t, h).Next(t.Context())
	if err != nil || string(piece.Output) != output {
		t.Errorf("the first piece has %d bytes of %d, %v", len(piece.Output), len(output), err)
	}
}

func TestViewersOfOneKindDoNotKeepTheOtherOut(t *testing.T) {
	h := newTestHub(t, filepath.Join(t.TempDir(), "log"))
	var all []*Viewer
	for range maxViewers {
		v, err := h.Read(Tail{}, true)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	if _, err := h.Read(Tail{}, true); !errors.Is(err, ErrTooManyViewers) {
		t.Errorf("one more reader: %v", err)
	}
	view(t, h).Close()
	for _, v := range all {
		v.Close()
		v.Close()
	}
	if n := h.Viewers(); n != 0 {
		t.Errorf("%d viewers are left", n)
	}
	if h.window.buffer != nil {
		t.Error("the console holds memory for nobody")
	}
}

// TestConsoleGoesOnWithoutADisk has a log that takes nothing.
func TestConsoleGoesOnWithoutADisk(t *testing.T) {
	h := NewHub(&Log{}, klog.Background())
	t.Cleanup(h.End)
	launcher := dial(t, h, nil)
	v := view(t, h)
	want := strings.Repeat("no space left on device\n", 30000)
	go io.WriteString(launcher, want+"END")
	if got := readUntil(t, v, "END"); got != want+"END" {
		t.Fatalf("got %d bytes, want %d", len(got), len(want)+3)
	}
	if got := readUntil(t, view(t, h), "END"); len(got) != Scrollback {
		t.Errorf("scrollback of %d bytes", len(got))
	}
	if _, err := h.Read(Tail{}, false); !errors.Is(err, ErrNotKept) {
		t.Errorf("the log: %v", err)
	}
}

func TestLastOutputIsReadAfterTheEnd(t *testing.T) {
	h := newTestHub(t, filepath.Join(t.TempDir(), "log"))
	launcher := dial(t, h, nil)
	slow := view(t, h)
	io.WriteString(launcher, strings.Repeat("x", 900<<10)+"Power down")
	fast := view(t, h)
	readUntil(t, fast, "Power down")
	fast.Close()
	h.End()
	if got := readUntil(t, slow, "Power down"); len(got) != 900<<10+10 {
		t.Errorf("got %d bytes", len(got))
	}
	slow.Close()
	if _, err := h.log.readAt(h.log.start(), make([]byte, 1)); err == nil {
		t.Error("the log is still open")
	}
}
