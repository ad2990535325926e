// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/klog/v2"

	"github.com/virtplane/virtplane/launcher/session"
	"github.com/virtplane/virtplane/nodeplugin/console"
)

const (
	// subprotocol is KubeVirt's: binary messages carry the bytes, text messages mean nothing.
	subprotocol = "plain.kubevirt.io"
	bufferSize  = 10240
	// writeTimeout is how long a viewer may take to accept a message.
	writeTimeout = 15 * time.Second
	// closeTimeout is how long a viewer may take to answer the close message.
	closeTimeout = 2 * time.Second
	// maxMessage caps a message of keystrokes in bytes: somebody may paste a file.
	maxMessage = 1 << 20
)

// pace is how often a viewer is asked whether it is there.
type pace struct {
	// ping keeps idle connections open in proxies.
	ping time.Duration
	// pong is how long a viewer may stay silent. After that it is gone, even if nobody has closed
	// its connection.
	pong time.Duration
}

var calm = pace{ping: 20 * time.Second, pong: 65 * time.Second}

var upgrader = websocket.Upgrader{
	ReadBufferSize: bufferSize, WriteBufferSize: bufferSize, WriteBufferPool: &sync.Pool{},
	Subprotocols: []string{subprotocol},
	// The client is virt-apiserver, which has dealt with browsers.
	CheckOrigin: func(*http.Request) bool { return true },
}

// console connects a viewer with the guest's serial port. All checks come before the upgrade, so
// that they end in an ordinary HTTP error.
func (s *Server) console(w http.ResponseWriter, r *http.Request) {
	guest, ok := s.lookup(w, r)
	if !ok {
		return
	}
	switch guest.State() {
	case session.StateFailed:
		writeError(w, conflict(guest.Volume.Instance, "VMI is in failed status"))
		return
	case session.StateShutdown:
		writeError(w, apierrors.NewBadRequest("VMI is not running"))
		return
	}
	viewer, err := guest.Console().View()
	switch {
	case errors.Is(err, console.ErrTooManyViewers):
		writeError(w, apierrors.NewTooManyRequests(err.Error(), 10))
		return
	case err != nil:
		writeError(w, apierrors.NewBadRequest("VMI is not running"))
		return
	}
	defer viewer.Close()
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // the upgrader has answered
	}
	defer conn.Close()
	ctx := r.Context()
	logger := klog.FromContext(ctx).WithValues("vmi", guest.Volume.Ref())
	logger.V(2).Info("Console opened")
	err = attach(ctx, conn, viewer, calm)
	logger.V(2).Info("Console closed", "reason", err)
}

// attach copies both ways until one side ends.
func attach(ctx context.Context, conn *websocket.Conn, viewer *console.Viewer, p pace) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	received := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		defer close(received)
		cancel(receiveKeys(ctx, conn, viewer, p.pong))
	})
	running.Go(func() { ping(ctx, conn, p.ping) })
	err := sendOutput(ctx, conn, viewer)
	code, reason := websocket.CloseNormalClosure, ""
	if !errors.Is(err, io.EOF) {
		code, reason = websocket.CloseGoingAway, "the node plugin ends this stream"
	}
	cancel(err)
	// The viewer may be gone already. If not, closing before its answer could cost it what it has
	// not read yet.
	if conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), time.Now().Add(time.Second)) == nil {
		select {
		case <-received:
		case <-time.After(closeTimeout):
		}
	}
	conn.Close()
	running.Wait()
	return context.Cause(ctx)
}

func sendOutput(ctx context.Context, conn *websocket.Conn, viewer *console.Viewer) error {
	for {
		output, err := viewer.Next(ctx)
		if err != nil {
			return err
		}
		if err := conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
			return err
		}
		if err := conn.WriteMessage(websocket.BinaryMessage, output); err != nil {
			return err
		}
	}
}

func receiveKeys(ctx context.Context, conn *websocket.Conn, viewer *console.Viewer, pong time.Duration) error {
	conn.SetReadLimit(maxMessage)
	alive := func(string) error { return conn.SetReadDeadline(time.Now().Add(pong)) }
	conn.SetPongHandler(alive)
	keys := make([]byte, 4096)
	for {
		// Also after keystrokes that the guest took long to accept: no pong was read meanwhile.
		if err := alive(""); err != nil {
			return err
		}
		kind, message, err := conn.NextReader()
		if err != nil {
			return err
		}
		for {
			n, err := message.Read(keys)
			if n > 0 && kind == websocket.BinaryMessage {
				if err := viewer.Type(ctx, keys[:n]); err != nil {
					return err
				}
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return err
			}
		}
	}
}

func ping(ctx context.Context, conn *websocket.Conn, interval time.Duration) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeTimeout)) != nil {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}
