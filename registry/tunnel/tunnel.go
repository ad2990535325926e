// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package tunnel connects the websocket of a client with a connection to a guest.
package tunnel

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	// subprotocol is that of the published API: binary messages carry the bytes, text messages mean nothing.
	subprotocol = "plain.kubevirt.io"
	bufferSize  = 10240
	// maxDatagram is the largest that UDP carries, in bytes.
	maxDatagram = 65507
	// closeTimeout is how long a client may take to accept the close message.
	closeTimeout = 2 * time.Second
)

// Pace is how often a client is asked whether it is there.
type Pace struct {
	// Ping keeps idle connections open in proxies.
	Ping time.Duration
	// Pong is how long a client may stay silent before it counts as gone.
	Pong time.Duration
}

// Published is the pace that clients of the published API are used to.
var Published = Pace{Ping: time.Second, Pong: time.Minute}

var upgrader = websocket.Upgrader{
	HandshakeTimeout: 10 * time.Second, ReadBufferSize: bufferSize, WriteBufferSize: bufferSize, WriteBufferPool: &sync.Pool{},
	Subprotocols: []string{subprotocol},
	// Who may come is decided by the caller's credentials, which browsers do not add by themselves.
	CheckOrigin: func(*http.Request) bool { return true },
}

// Serve makes a request a websocket and copies between it and the guest until either ends; it closes
// guest. A guest that speaks in datagrams gets one for each message.
func Serve(w http.ResponseWriter, req *http.Request, guest net.Conn, pace Pace) {
	defer guest.Close()
	client, err := upgrader.Upgrade(w, req, nil)
	if err != nil {
		return // the upgrader has answered
	}
	ctx, cancel := context.WithCancel(req.Context())
	defer cancel()
	// Both ends are closed as soon as one is done, which ends the other copy.
	stop := context.AfterFunc(ctx, func() { client.Close(); guest.Close() })
	defer stop()

	var wait sync.WaitGroup
	wait.Go(func() {
		defer cancel()
		toGuest(guest, client, pace)
	})
	wait.Go(func() { ping(ctx, client, pace) })
	if err := toClient(client, guest); err == nil {
		// The guest has said all: the client shall know that nothing broke.
		_ = client.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(closeTimeout))
	}
	cancel()
	wait.Wait()
}

// toClient returns nil when the guest ended the connection.
func toClient(client *websocket.Conn, guest net.Conn) error {
	buffer := make([]byte, maxDatagram)
	for {
		n, err := guest.Read(buffer)
		if n > 0 || err == nil {
			if err := client.WriteMessage(websocket.BinaryMessage, buffer[:n]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func toGuest(guest net.Conn, client *websocket.Conn, pace Pace) {
	alive := func(string) error { return client.SetReadDeadline(time.Now().Add(pace.Pong)) }
	client.SetPongHandler(alive)
	_, datagrams := guest.(net.PacketConn)
	for {
		_ = alive("")
		kind, message, err := client.NextReader()
		if err != nil {
			return
		}
		if kind != websocket.BinaryMessage {
			continue
		}
		if !datagrams {
			_, err = io.Copy(guest, message)
		} else {
			err = send(guest, message)
		}
		if err != nil {
			return
		}
	}
}

// send makes one datagram of a message.
func send(guest net.Conn, message io.Reader) error {
	datagram, err := io.ReadAll(io.LimitReader(message, maxDatagram+1))
	if err != nil {
		return err
	}
	if len(datagram) > maxDatagram {
		return errors.New("message does not fit a datagram")
	}
	if _, err = guest.Write(datagram); errors.Is(err, net.ErrClosed) {
		return err
	}
	// UDP tells now and then that nobody listens; the guest may listen for the next one.
	return nil
}

func ping(ctx context.Context, client *websocket.Conn, pace Pace) {
	ticker := time.NewTicker(pace.Ping)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if client.WriteControl(websocket.PingMessage, nil, time.Now().Add(pace.Pong)) != nil {
				return
			}
		}
	}
}
