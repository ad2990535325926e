// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// relayed is a client that is connected with a guest.
type relayed struct {
	t      *testing.T
	client *websocket.Conn
	// stop ends the relay, result gets what it returned.
	stop   context.CancelCauseFunc
	result chan error
}

// connectGuest connects a client through a relay with guest, which change may alter.
func connectGuest(t *testing.T, guest net.Conn, change func(*relay)) *relayed {
	t.Helper()
	ctx, stop := context.WithCancelCause(t.Context())
	r := &relayed{t: t, stop: stop, result: make(chan error, 1)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		defer guest.Close()
		client, err := relayUpgrader.Upgrade(w, req, nil)
		if err != nil {
			r.result <- err
			return
		}
		defer client.Close()
		tunnel := &relay{client: client, guest: guest, pace: calm, stall: patience, over: "that was all", meter: meter{kindTCP}}
		if change != nil {
			change(tunnel)
		}
		r.result <- tunnel.run(ctx)
	}))
	var err error
	if r.client, _, err = websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL, "http"), nil); err != nil {
		t.Fatal(err)
	}
	if err := r.client.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.client.Close(); stop(nil); server.Close() })
	return r
}

// ended returns why the relay has ended.
func (r *relayed) ended() error {
	r.t.Helper()
	select {
	case err := <-r.result:
		return err
	case <-time.After(patience):
		r.t.Fatal("the relay goes on")
		return nil
	}
}

// hear reads what comes until the websocket ends, and how it does.
func (r *relayed) hear() (string, error) {
	var heard []byte
	for {
		kind, message, err := r.client.ReadMessage()
		if err != nil {
			return string(heard), err
		}
		if kind != websocket.BinaryMessage {
			r.t.Errorf("message of kind %d", kind)
		}
		heard = append(heard, message...)
	}
}

func (r *relayed) say(text string) {
	r.t.Helper()
	if err := r.client.WriteMessage(websocket.BinaryMessage, []byte(text)); err != nil {
		r.t.Fatal(err)
	}
}

// pipe returns the two ends of a connection: tcp, or unix as a launcher hands over.
func pipe(t *testing.T, network string) (near, far net.Conn) {
	t.Helper()
	address := "127.0.0.1:0"
	if network == "unix" {
		address = t.TempDir() + "/s"
	}
	listener, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if near, err = net.Dial(network, listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if far, err = listener.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close(); far.Close() })
	if network == "unix" {
		if near, err = newHanded(near); err != nil {
			t.Fatal(err)
		}
	}
	return near, far
}

func expectClose(t *testing.T, err error, code int, reason string) {
	t.Helper()
	var closed *websocket.CloseError
	if !errors.As(err, &closed) || closed.Code != code || !strings.Contains(closed.Text, reason) {
		t.Errorf("the end is %v, want %d %s", err, code, reason)
	}
}

func TestBytesGoBothWaysUntilTheGuestEnds(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		near, far := pipe(t, network)
		r := connectGuest(t, near, nil)
		go func() {
			greeting := make([]byte, 5)
			if _, err := io.ReadFull(far, greeting); err == nil {
				_, _ = far.Write(append([]byte("guest: "), greeting...))
			}
			far.Close()
		}()
		// Text means nothing in this protocol.
		if err := r.client.WriteMessage(websocket.TextMessage, []byte("resize")); err != nil {
			t.Fatal(err)
		}
		r.say("he")
		r.say("llo")
		heard, err := r.hear()
		if heard != "guest: hello" {
			t.Errorf("%s: heard %q", network, heard)
		}
		expectClose(t, err, websocket.CloseNormalClosure, "that was all")
		if err := r.ended(); !errors.Is(err, io.EOF) {
			t.Errorf("%s: ended with %v", network, err)
		}
	}
}

// TestTheGuestGetsAllThatTheClientSaid has a client that says much and leaves, and a guest that has said
// something which nobody reads: neither may cost the guest a byte.
func TestTheGuestGetsAllThatTheClientSaid(t *testing.T) {
	near, far := pipe(t, "tcp")
	r := connectGuest(t, near, nil)
	const total = 4 << 20
	if _, err := io.WriteString(far, "hello?"); err != nil {
		t.Fatal(err)
	}
	go func() {
		r.say(strings.Repeat("x", total))
		_ = r.client.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(patience))
		_, _ = r.hear()
		r.client.Close()
	}()
	if err := far.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, far); err != nil || n != total {
		t.Errorf("the guest got %d bytes, %v", n, err)
	}
	far.Close()
	if err := r.ended(); !errors.Is(err, errClientGone) {
		t.Errorf("ended with %v", err)
	}
}

// TestWhatTheGuestSaidLastIsHeard has a guest that takes nothing any more but has said something before.
func TestWhatTheGuestSaidLastIsHeard(t *testing.T) {
	near, far := pipe(t, "unix")
	r := connectGuest(t, near, nil)
	if _, err := io.WriteString(far, "bye"); err != nil {
		t.Fatal(err)
	}
	far.Close()
	for range 3 { // some of it finds nobody
		_ = r.client.WriteMessage(websocket.BinaryMessage, []byte("more"))
	}
	heard, err := r.hear()
	if heard != "bye" {
		t.Errorf("heard %q", heard)
	}
	expectClose(t, err, websocket.CloseNormalClosure, "that was all")
}

// TestASlowClientGetsAllThatTheGuestSaid has a client that takes longer to read than others may take to say goodbye,
// and answers pings meanwhile: that must not cost it what it has not read.
func TestASlowClientGetsAllThatTheGuestSaid(t *testing.T) {
	near, far := pipe(t, "tcp")
	r := connectGuest(t, near, nil)
	const total = 1 << 20
	if _, err := far.Write(make([]byte, total)); err != nil {
		t.Fatal(err)
	}
	far.Close()
	// This is the test: a client that answers pings and reads nothing, for longer than it has.
	for begun := time.Now(); time.Since(begun) < lastWords+10*interval; time.Sleep(interval) {
		_ = r.client.WriteControl(websocket.PongMessage, nil, time.Now().Add(patience))
	}
	heard, err := r.hear()
	if len(heard) != total {
		t.Errorf("got %d bytes of %d", len(heard), total)
	}
	expectClose(t, err, websocket.CloseNormalClosure, "that was all")
}

func TestABrokenConnectionIsNoNormalEnd(t *testing.T) {
	near, far := pipe(t, "tcp")
	r := connectGuest(t, near, nil)
	if err := far.(*net.TCPConn).SetLinger(0); err != nil {
		t.Fatal(err)
	}
	far.Close()
	_, err := r.hear()
	expectClose(t, err, websocket.CloseInternalServerErr, "the connection with the guest broke")
}

func TestARestartIsTold(t *testing.T) {
	near, far := pipe(t, "tcp")
	r := connectGuest(t, near, nil)
	r.stop(nil)
	_, err := r.hear()
	expectClose(t, err, websocket.CloseGoingAway, "connect again")
	if err := far.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := far.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the guest's connection stays open: %v", err)
	}
}

// TestAFloodWaitsForTheClient has a guest that never stops and a client that never reads: what is on the way stays
// bounded, and the client is let go.
func TestAFloodWaitsForTheClient(t *testing.T) {
	near, far := pipe(t, "unix")
	r := connectGuest(t, near, func(r *relay) { r.stall = 20 * interval })
	flood, sent := make([]byte, 1<<20), 0
	for {
		n, err := far.Write(flood)
		if sent += n; err != nil {
			break // the relay has closed its end
		}
		if sent > 256<<20 {
			t.Fatal("the flood is swallowed")
		}
	}
	if err := r.ended(); !errors.Is(err, errClientGone) {
		t.Errorf("ended with %v", err)
	}
}

// TestAGuestThatNeverReadsKeepsNobody has a client that leaves while the guest takes nothing.
func TestAGuestThatNeverReadsKeepsNobody(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		near, _ := pipe(t, network)
		r := connectGuest(t, near, func(r *relay) { r.pace, r.stall = pace{ping: interval, pong: patience}, 10*interval })
		blocked := make(chan struct{})
		go func() {
			defer close(blocked)
			_ = r.client.SetWriteDeadline(time.Now().Add(20 * interval))
			for r.client.WriteMessage(websocket.BinaryMessage, make([]byte, 1<<20)) == nil {
				continue
			}
		}()
		<-blocked
		r.client.NetConn().Close()
		if err := r.ended(); !errors.Is(err, errClientGone) {
			t.Errorf("%s: ended with %v", network, err)
		}
	}
}

func TestAClientThatVanishesIsLetGo(t *testing.T) {
	near, far := pipe(t, "tcp")
	r := connectGuest(t, near, func(r *relay) { r.pace = pace{ping: interval, pong: 3 * interval} })
	if err := r.ended(); !errors.Is(err, errClientGone) { // it does not read, so it answers no ping
		t.Errorf("ended with %v", err)
	}
	if _, err := far.Read(make([]byte, 1)); err == nil {
		t.Error("the guest got a byte from nowhere")
	}
}

func TestAMessageIsADatagram(t *testing.T) {
	guest, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	near, err := net.Dial("udp", guest.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	r := connectGuest(t, near, func(r *relay) { r.idle = patience })
	echo := func() {
		buffer := make([]byte, maxDatagram)
		n, from, err := guest.ReadFromUDP(buffer)
		if err != nil {
			return
		}
		_, _ = guest.WriteToUDP(buffer[:n], from)
	}
	for _, sent := range []string{"one", strings.Repeat("x", 40000), "", "three"} {
		go echo()
		r.say(sent)
		if _, got, err := r.client.ReadMessage(); err != nil || string(got) != sent {
			t.Fatalf("sent %d bytes, got %d, %v", len(sent), len(got), err)
		}
	}
	// A datagram that finds nobody, of which the kernel tells, ends nothing.
	address := guest.LocalAddr().(*net.UDPAddr)
	guest.Close()
	r.say("anybody?")
	r.say("anybody?")
	if guest, err = net.ListenUDP("udp", address); err != nil {
		t.Fatal(err)
	}
	defer guest.Close()
	go echo()
	r.say("four")
	if _, got, err := r.client.ReadMessage(); err != nil || !strings.HasPrefix("four anybody?", string(got)) && string(got) != "anybody?" {
		t.Errorf("got %q, %v", got, err)
	}
	_ = r.client.WriteMessage(websocket.BinaryMessage, make([]byte, maxDatagram+1))
	if err := r.ended(); !errors.Is(err, errClientGone) || !strings.Contains(err.Error(), "limit") {
		t.Errorf("a message that fits no datagram: %v", err)
	}
}

func TestAnIdleFlowOfDatagramsEnds(t *testing.T) {
	guest, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer guest.Close()
	near, err := net.Dial("udp", guest.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	r := connectGuest(t, near, func(r *relay) { r.idle = 5 * interval })
	_, err = r.hear()
	expectClose(t, err, websocket.CloseNormalClosure, "no datagram for 100ms")
}
