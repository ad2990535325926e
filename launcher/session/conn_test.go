// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// pair returns the launcher's and the plugin's end of a connection over a real socket.
func pair(t *testing.T) (launcher, plugin *Conn) {
	t.Helper()
	path := filepath.Join(t.TempDir(), SocketName)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := l.AcceptUnix()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return NewConn(a, MaxFromPlugin), NewConn(b, MaxFromLauncher)
}

func TestDescriptorTravelsWithItsFrame(t *testing.T) {
	launcher, plugin := pair(t)
	file := filepath.Join(t.TempDir(), "ns")
	if err := os.WriteFile(file, []byte("namespace"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := launcher.Send(&Message{Hello: &Hello{Version: Version, Kind: KindSession}}, int(f.Fd())); err != nil {
		t.Fatal(err)
	}
	if err := launcher.Send(&Message{Report: &Report{State: StateRunning}}); err != nil {
		t.Fatal(err)
	}
	m, files, err := plugin.Receive()
	if err != nil || m.Hello == nil || m.Hello.Kind != KindSession || len(files) != 1 {
		t.Fatalf("got %+v, %d descriptors, %v", m, len(files), err)
	}
	defer files[0].Close()
	content, err := io.ReadAll(files[0])
	if err != nil || string(content) != "namespace" {
		t.Fatalf("descriptor reads %q, %v", content, err)
	}
	m, files, err = plugin.Receive()
	if err != nil || m.Report == nil || m.Report.State != StateRunning || len(files) != 0 {
		t.Fatalf("second frame: %+v, %d descriptors, %v", m, len(files), err)
	}
}

func TestLargeFrameForLauncherArrivesWhole(t *testing.T) {
	launcher, plugin := pair(t)
	vmi := `{"x":"` + strings.Repeat("y", 1<<20) + `"}`
	sent := make(chan error, 1)
	go func() { sent <- plugin.Send(&Message{Start: &Start{VMI: []byte(vmi)}}) }()
	m, _, err := launcher.Receive()
	if err != nil || string(m.Start.VMI) != vmi {
		t.Fatalf("received %v", err)
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
}

func TestPluginRefusesWhatAHostileLauncherSends(t *testing.T) {
	for name, tc := range map[string]struct {
		raw  []byte
		want error
	}{
		"a huge length":     {binary.BigEndian.AppendUint32(nil, 1<<31), ErrTooLarge},
		"a frame cut short": {append(binary.BigEndian.AppendUint32(nil, 10), "{}"...), io.ErrUnexpectedEOF},
		"a cut header":      {[]byte{0, 0}, io.ErrUnexpectedEOF},
		"nothing":           {nil, io.EOF},
	} {
		t.Run(name, func(t *testing.T) {
			launcher, plugin := pair(t)
			if _, err := launcher.Socket().Write(tc.raw); err != nil {
				t.Fatal(err)
			}
			launcher.Socket().Close()
			if _, _, err := plugin.Receive(); !errors.Is(err, tc.want) {
				t.Fatalf("got %v, want %v", err, tc.want)
			}
		})
	}
}

func TestTooManyDescriptorsAreRefusedAndClosed(t *testing.T) {
	launcher, plugin := pair(t)
	before := openDescriptors(t)
	fds := make([]int, maxDescriptors+3)
	for i := range fds {
		fds[i] = int(os.Stdin.Fd())
	}
	if err := launcher.Send(&Message{Hello: &Hello{}}, fds...); err != nil {
		t.Fatal(err)
	}
	if _, _, err := plugin.Receive(); err == nil {
		t.Fatal("accepted")
	}
	if after := openDescriptors(t); after != before {
		t.Fatalf("%d descriptors open, %d before", after, before)
	}
}

func openDescriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}
