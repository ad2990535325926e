// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package launcher

import (
	"context"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/virtplane/virtplane/launcher/serial"
)

// TestContainerLogHasTheLastWords ends a guest while no node plugin is there: all that it said is in the
// log of its container nevertheless.
func TestContainerLogHasTheLastWords(t *testing.T) {
	dir := t.TempDir()
	port, err := serial.Listen(filepath.Join(dir, "serial"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		port.Run(ctx)
	}()
	reader, writer := io.Pipe()
	copied := make(chan struct{})
	go func() {
		defer close(copied)
		copySerial(ctx, port, filepath.Join(dir, "no-plugin"), writer)
	}()
	guest, err := net.Dial("unix", filepath.Join(dir, "serial"))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Repeat("[    0.000000] Booting\r\n", 10000) + "reboot: Power down\r\n"
	go func() {
		io.WriteString(guest, want)
		guest.Close()
	}()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(reader, got); err != nil || string(got) != want {
		t.Fatalf("the log has %q at its end, %v", got[max(0, len(got)-30):], err)
	}
	<-ended
	select {
	case <-copied:
		t.Error("what the node plugin has not got is given up")
	case <-time.After(50 * time.Millisecond):
	}
	cancel()
	<-copied
}
