// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/klog/v2"
)

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
		// This is the test: a line that carries half a megabyte in a second.
		time.Sleep(time.Duration(len(piece.Output)) * time.Second / (2 * allotment))
	}
	for i, line := range strings.Split(strings.TrimSuffix(string(got), "\n"), "\n") {
		if line != fmt.Sprintf("%015d", i) {
			t.Fatalf("line %d is %q", i, line)
		}
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
