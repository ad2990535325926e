// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"
	"time"

	"github.com/virtplane/virtplane/launcher/serial"
	"github.com/virtplane/virtplane/launcher/session"
)

// TestRestartInAFloodLosesNothing ends the plugin again and again in the middle of output, with some of it
// still in the socket: the next one gets what follows what the last one had.
func TestRestartInAFloodLosesNothing(t *testing.T) {
	f := newFake(t)
	port, qemu := guest(t)
	background(t, NewConsole(f.socket, port).Run)
	const total = 6 * serial.RingSize
	var output bytes.Buffer
	for i := range uint64(total / 8) {
		binary.Write(&output, binary.BigEndian, i)
	}
	written := make(chan error, 1)
	go func() {
		_, err := io.Copy(qemu, bytes.NewReader(output.Bytes()))
		written <- err
	}()
	got := make([]byte, 0, total)
	var conn *session.Conn
	for len(got) < total {
		if conn != nil {
			conn.Socket().Close()
			time.Sleep(200 * time.Millisecond) // for which the plugin is away
		}
		var offset uint64
		if conn, offset = f.resume(uint64(len(got))); offset != uint64(len(got)) {
			t.Fatalf("resumes at %d instead of %d", offset, len(got))
		}
		part := make([]byte, min(total-len(got), 700<<10))
		if _, err := io.ReadFull(conn.Socket(), part); err != nil {
			t.Fatal(err)
		}
		got = append(got, part...)
	}
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, output.Bytes()) {
		t.Error("the output is not what the guest has put out")
	}
}
