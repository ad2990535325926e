// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"k8s.io/component-base/metrics/legacyregistry"
)

// awaitViewers waits until the console has n viewers.
func (d *desk) awaitViewers(n int) {
	d.t.Helper()
	// Viewers leave without a word to anybody but the hub.
	for deadline := time.Now().Add(patience); d.hub.Viewers() != n; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			d.t.Fatalf("%d viewers, want %d", d.hub.Viewers(), n)
		}
	}
}

// metric returns the value of a metric of consoles, for one kind of connection or none.
func metric(t testing.TB, name, kind string) float64 {
	t.Helper()
	families, err := legacyregistry.DefaultGatherer.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != "virtplane_nodeplugin_console_"+name {
			continue
		}
		for _, m := range family.GetMetric() {
			if labels := m.GetLabel(); kind == "" || len(labels) == 1 && labels[0].GetValue() == kind {
				return m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	t.Fatalf("no metric %s of %q", name, kind)
	return 0
}

// hear reads until the output ends with want.
func hear(t testing.TB, conn *websocket.Conn, want string) string {
	t.Helper()
	var all []byte
	for !bytes.HasSuffix(all, []byte(want)) {
		if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		_, message, err := conn.ReadMessage()
		if err != nil {
			t.Fatalf("%v after %q", err, all)
		}
		all = append(all, message...)
	}
	return string(all)
}

func TestReadOnlyViewerCannotType(t *testing.T) {
	d := newDesk(t, calm)
	watcher, typist := d.view("?readOnly=true"), d.view("")
	for _, conn := range []*websocket.Conn{watcher, typist} {
		if err := conn.WriteMessage(websocket.BinaryMessage, []byte("root\n")); err != nil {
			t.Fatal(err)
		}
	}
	keys := make([]byte, 100)
	n, err := io.ReadAtLeast(d.guest, keys, 5)
	if err != nil || string(keys[:n]) != "root\n" {
		t.Fatalf("the guest got %q, %v", keys[:n], err)
	}
	io.WriteString(d.guest, "Password: ")
	hear(t, watcher, "Password: ")
	hear(t, typist, "Password: ")
	d.guest.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if n, err := d.guest.Read(keys); err == nil {
		t.Errorf("the guest also got %q", keys[:n])
	}
}

func TestWishesThatMakeNoSenseAreRefused(t *testing.T) {
	d := newDesk(t, calm)
	for _, query := range []string{"?readOnly=maybe", "?position=uid", "?position=uid:x", "?position=uid:-1"} {
		_, answer, err := websocket.DefaultDialer.Dial(d.url+query, nil)
		if err == nil || answer == nil || answer.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %v, %v", query, answer, err)
		}
	}
}

// TestFloodOfControlCharacters arrives as it is: what it does to a terminal is between guest and viewer.
func TestFloodOfControlCharacters(t *testing.T) {
	d := newDesk(t, calm)
	conn := d.view("")
	want := strings.Repeat("\x00\x1b[2J\x1b]0;\x07\xff\xfe\x1b[6n\r", 50000)
	go io.WriteString(d.guest, want+"END")
	if got := hear(t, conn, "END"); got != want+"END" {
		t.Errorf("got %d bytes, want %d", len(got), len(want)+3)
	}
}

// TestViewerThatNeverReadsIsLetGo has one whose machine takes nothing, and does not answer either.
func TestViewerThatNeverReadsIsLetGo(t *testing.T) {
	d := newDesk(t, pace{ping: 50 * time.Millisecond, pong: 300 * time.Millisecond})
	d.view("")
	d.awaitViewers(1)
	go io.CopyN(d.guest, &count{}, 64<<20)
	d.awaitViewers(0)
}

// TestViewerThatVanishesIsLetGo has one whose connection breaks without a word: its packets go nowhere.
func TestViewerThatVanishesIsLetGo(t *testing.T) {
	d := newDesk(t, pace{ping: 20 * time.Millisecond, pong: 200 * time.Millisecond})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	server := strings.TrimPrefix(d.url, "ws://")
	cut := make(chan struct{})
	go func() {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		upstream, err := net.Dial("tcp", server)
		if err != nil {
			return
		}
		// After the cut neither end hears of the other, and none is told.
		relay := func(to io.Writer, from io.Reader) {
			part := make([]byte, 1024)
			for {
				n, err := from.Read(part)
				select {
				case <-cut:
					return
				default:
				}
				if err != nil {
					return
				}
				to.Write(part[:n])
			}
		}
		go relay(upstream, client)
		relay(client, upstream)
	}()
	conn, _, err := websocket.DefaultDialer.Dial("ws://"+listener.Addr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	go conn.ReadMessage() // answers pings
	d.awaitViewers(1)
	close(cut)
	d.awaitViewers(0)
}

func TestViewersOfOneConsoleAreCapped(t *testing.T) {
	d := newDesk(t, calm)
	open, refused, sent := metric(t, "connections", "console"), metric(t, "refused_total", "console"), metric(t, "sent_bytes_total", "console")
	var all []*websocket.Conn
	for range 64 {
		all = append(all, d.view(""))
	}
	if got := metric(t, "connections", "console") - open; got != 64 {
		t.Errorf("%v connections are counted", got)
	}
	_, answer, err := websocket.DefaultDialer.Dial(d.url, nil)
	if err == nil || answer == nil || answer.StatusCode != http.StatusTooManyRequests {
		t.Fatalf("one more: %v, %v", answer, err)
	}
	io.WriteString(d.guest, "to all\n")
	for _, conn := range all {
		hear(t, conn, "to all\n")
		conn.Close()
	}
	d.awaitViewers(0)
	if got := metric(t, "refused_total", "console") - refused; got != 1 {
		t.Errorf("%v refusals are counted", got)
	}
	if got := metric(t, "sent_bytes_total", "console") - sent; got != 64*7 {
		t.Errorf("%v bytes are counted", got)
	}
	if got := metric(t, "connections", "console"); got != open {
		t.Errorf("%v connections are counted at the end, %v at the start", got, open)
	}
	d.view("")
}

// TestStuckViewerIsToldWhatItMissed reads again after a flood that it did not take.
func TestStuckViewerIsToldWhatItMissed(t *testing.T) {
	d := newDesk(t, calm)
	skipped := metric(t, "skipped_bytes_total", "console")
	for _, query := range []string{"", "?position="} {
		conn := d.view(query)
		fast := d.view("?readOnly=true")
		const total = 24 << 20
		go func() {
			io.CopyN(d.guest, &count{}, total)
			io.WriteString(d.guest, "END"+query)
		}()
		hear(t, fast, "END"+query)
		var got, missed uint64
		for end := false; !end; {
			conn.SetReadDeadline(time.Now().Add(patience))
			kind, message, err := conn.ReadMessage()
			if err != nil {
				t.Fatal(err)
			}
			note := regexp.MustCompile(`\r\n\[virtplane: (\d+) bytes of output skipped\]\r\n`)
			if kind == websocket.TextMessage {
				note = regexp.MustCompile(`^skipped (\d+)$`)
			}
			if m := note.FindSubmatch(message); m != nil {
				n, _ := strconv.ParseUint(string(m[1]), 10, 64)
				missed += n
				message = message[len(m[0]):]
			}
			if kind == websocket.BinaryMessage {
				got += uint64(len(message))
			}
			end = bytes.HasSuffix(message, []byte("END"+query))
		}
		want := total + uint64(len("END"+query))
		if query != "" {
			want += 64 << 10 // the scrollback
		}
		if missed == 0 || got+missed != want {
			t.Errorf("%q: got %d bytes and missed %d, want %d", query, got, missed, want)
		}
		skipped += float64(missed)
		conn.Close()
		fast.Close()
		d.awaitViewers(0)
	}
	if got := metric(t, "skipped_bytes_total", "console"); got != skipped {
		t.Errorf("%v skipped bytes are counted, want %v", got, skipped)
	}
}

// TestHundredConsolesAtOnce have a guest each; one of them floods.
func TestHundredConsolesAtOnce(t *testing.T) {
	const guests = 100
	desks := make([]*desk, guests)
	conns := make([]*websocket.Conn, guests)
	for i := range desks {
		desks[i] = newDesk(t, calm)
		conns[i] = desks[i].view("")
	}
	flooded := make(chan error, 1)
	go func() { flooded <- follow(conns[0], 32<<20) }()
	go io.CopyN(desks[0].guest, &count{}, 32<<20)
	var all sync.WaitGroup
	for i := 1; i < guests; i++ {
		all.Go(func() {
			conn := conns[i]
			conn.SetReadDeadline(time.Now().Add(patience))
			if err := conn.WriteMessage(websocket.BinaryMessage, []byte("?")); err != nil {
				t.Error(err)
			}
			key := make([]byte, 1)
			if _, err := io.ReadFull(desks[i].guest, key); err != nil {
				t.Error(err)
			}
			io.WriteString(desks[i].guest, "!")
			if _, message, err := conn.ReadMessage(); err != nil || string(message) != "!" {
				t.Errorf("console %d says %q, %v", i, message, err)
			}
		})
	}
	all.Wait()
	if err := <-flooded; err != nil {
		t.Error(err)
	}
	for i, conn := range conns {
		conn.Close()
		desks[i].awaitViewers(0)
	}
}
