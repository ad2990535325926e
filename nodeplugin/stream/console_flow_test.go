// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"

	"github.com/virtplane/virtplane/launcher/session"
	"github.com/virtplane/virtplane/nodeplugin/console"
)

// desk is a console with a launcher at one end and a server of viewers at the other.
type desk struct {
	t   testing.TB
	hub *console.Hub
	// guest is where the launcher writes what the guest puts out, and reads keys.
	guest *net.UnixConn
	url   string
}

func newDesk(t testing.TB, p pace) *desk {
	t.Helper()
	log, err := console.NewLogs(t.TempDir(), console.DefaultLimits).Open(types.NamespacedName{Namespace: "tenant", Name: "demo"}, "uid")
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, hub: console.NewHub(log, klog.Background())}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	t.Cleanup(func() { cancel(); running.Wait() })
	t.Cleanup(d.hub.End)
	d.connect(ctx, &running)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		wish, err := parseWish(r.URL.Query())
		if err != nil {
			writeError(w, err)
			return
		}
		viewer, err := d.hub.View()
		if err != nil {
			http.Error(w, err.Error(), http.StatusTooManyRequests)
			return
		}
		defer viewer.Close()
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		attach(ctx, conn, viewer, wish, p)
	}))
	t.Cleanup(server.Close)
	d.url = "ws" + strings.TrimPrefix(server.URL, "http")
	return d
}

// connect is the launcher.
func (d *desk) connect(ctx context.Context, running *sync.WaitGroup) {
	d.t.Helper()
	address := &net.UnixAddr{Name: filepath.Join(d.t.TempDir(), "s"), Net: "unix"}
	listener, err := net.ListenUnix("unix", address)
	if err != nil {
		d.t.Fatal(err)
	}
	defer listener.Close()
	if d.guest, err = net.DialUnix("unix", nil, address); err != nil {
		d.t.Fatal(err)
	}
	plugin, err := listener.AcceptUnix()
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { d.guest.Close() })
	running.Go(func() {
		defer plugin.Close()
		d.hub.Serve(ctx, session.NewConn(plugin, session.MaxFromLauncher))
	})
	conn := session.NewConn(d.guest, session.MaxFromPlugin)
	m, _, err := conn.Receive()
	if err != nil {
		d.t.Fatal(err)
	}
	if err := conn.Send(&session.Message{ConsoleStart: &session.ConsoleStart{Offset: m.Resume.Offset}}); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) view(query string) *websocket.Conn {
	d.t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial(d.url+query, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { conn.Close() })
	return conn
}

// count is output in which every byte can be told from its neighbours: numbers of eight bytes.
type count struct{ next uint64 }

func (c *count) Read(p []byte) (int, error) {
	n := len(p) &^ 7
	for i := 0; i < n; i += 8 {
		binary.BigEndian.PutUint64(p[i:], c.next)
		c.next++
	}
	return n, nil
}

// follow reads total bytes of count, and returns where the first one is missing.
func follow(conn *websocket.Conn, total int64) error {
	want, part := &count{}, make([]byte, 0, 8)
	expected := make([]byte, 64<<10)
	for read := int64(0); read < total; {
		_, message, err := conn.ReadMessage()
		if err != nil {
			return fmt.Errorf("after %d bytes: %w", read, err)
		}
		read += int64(len(message))
		message = append(part, message...)
		whole := message[:len(message)&^7]
		part = bytes.Clone(message[len(whole):])
		for len(whole) > 0 {
			n, _ := want.Read(expected[:min(len(whole), len(expected))])
			if !bytes.Equal(whole[:n], expected[:n]) {
				return fmt.Errorf("wrong byte between %d and %d", read-int64(len(whole)), read)
			}
			whole = whole[n:]
		}
	}
	return nil
}

// TestEveryByteOfAFloodArrives has three viewers that read, one that does not, and 200 MB.
func TestEveryByteOfAFloodArrives(t *testing.T) {
	total := int64(200e6)
	if testing.Short() {
		total /= 10
	}
	d := newDesk(t, calm)
	results := make(chan error, 3)
	for range cap(results) {
		conn := d.view("")
		go func() { results <- follow(conn, total) }()
	}
	d.view("") // never reads
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	begin := time.Now()
	if _, err := io.CopyN(d.guest, &count{}, total); err != nil {
		t.Fatal(err)
	}
	for range cap(results) {
		if err := <-results; err != nil {
			t.Fatal(err)
		}
	}
	took := time.Since(begin)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 8<<20 {
		t.Errorf("memory has grown by %d bytes", grown)
	}
	t.Logf("%.0f MB/s to each of %d viewers", float64(total)/1e6/took.Seconds(), cap(results))
}

// BenchmarkConsole is how fast a guest's output comes out of a viewer's websocket.
func BenchmarkConsole(b *testing.B) {
	d := newDesk(b, calm)
	conn := d.view("")
	const size = 1 << 20
	b.SetBytes(size)
	go io.CopyN(d.guest, &count{}, int64(b.N)*size)
	b.ResetTimer()
	if err := follow(conn, int64(b.N)*size); err != nil {
		b.Fatal(err)
	}
}
