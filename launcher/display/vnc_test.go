// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package display

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// serve runs server for the first connection and returns its socket.
func serve(t *testing.T, server func(net.Conn)) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "vnc")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		server(conn)
	}()
	t.Cleanup(func() { listener.Close(); <-done })
	return path
}

func TestConnectLeavesTheGreetingToTheViewer(t *testing.T) {
	path := serve(t, func(conn net.Conn) { _, _ = io.WriteString(conn, rfbVersion) })
	file, err := Connect(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	conn, err := net.FileConn(file)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got, err := io.ReadAll(conn); err != nil || string(got) != rfbVersion {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := Connect(t.Context(), path+"-none"); err == nil || !strings.HasPrefix(err.Error(), "connect with the screen: ") {
		t.Errorf("no screen: %v", err)
	}
}

// screen is a VNC server of 640 by 480 pixels up to its greeting.
func screen(conn net.Conn, security byte, client []byte) error {
	if _, err := io.WriteString(conn, rfbVersion); err != nil {
		return err
	}
	if _, err := io.ReadFull(conn, client[:12]); err != nil {
		return err
	}
	if _, err := conn.Write([]byte{2, 2, security}); err != nil {
		return err
	}
	if _, err := io.ReadFull(conn, client[:1]); err != nil {
		return err
	}
	if _, err := conn.Write(make([]byte, 4)); err != nil {
		return err
	}
	if _, err := io.ReadFull(conn, client[:1]); err != nil {
		return err
	}
	init := binary.BigEndian.AppendUint16(nil, 640)
	init = binary.BigEndian.AppendUint16(init, 480)
	init = append(init, make([]byte, 16)...)
	init = append(binary.BigEndian.AppendUint32(init, 4), "QEMU"...)
	if _, err := conn.Write(init); err != nil {
		return err
	}
	_, err := io.ReadFull(conn, client[:12])
	return err
}

func TestThePointerIsMovedWithoutAButton(t *testing.T) {
	got := make(chan []byte, 1)
	path := serve(t, func(conn net.Conn) {
		client := make([]byte, 12)
		if err := screen(conn, securityNone, client); err != nil {
			t.Error(err)
		}
		got <- client
	})
	if err := MovePointer(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	want := string([]byte{5, 0, 1, 64, 0, 240, 5, 0, 1, 65, 0, 240})
	if moves := <-got; string(moves) != want {
		t.Errorf("the screen got %v", moves)
	}
}

func TestAScreenThatCannotBeGreeted(t *testing.T) {
	for name, c := range map[string]struct {
		server func(net.Conn)
		want   string
	}{
		"another protocol": {func(conn net.Conn) { _, _ = io.WriteString(conn, "HTTP/1.1 400") }, "not RFB 3"},
		"a password":       {func(conn net.Conn) { _ = screen(conn, 2, make([]byte, 12)) }, "wants a password"},
		"an early end":     {func(conn net.Conn) { _, _ = io.WriteString(conn, "RFB") }, "unexpected EOF"},
	} {
		if err := MovePointer(t.Context(), serve(t, c.server)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	silent := serve(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	if err := MovePointer(ctx, silent); !errors.Is(err, context.DeadlineExceeded) && (err == nil || !strings.Contains(err.Error(), "timeout")) {
		t.Errorf("a silent screen: %v", err)
	}
}
