// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/virtplane/virtplane/launcher/session"
)

// Caps on the connections of one launcher.
const (
	// maxConnections are open at once: a session, a console, and their successors.
	maxConnections = 6
	// connectRate and connectBurst cap new connections in a second; a launcher redials every
	// 50 ms at most. Further ones wait in the kernel.
	connectRate  = 20
	connectBurst = 40
	// handshakeTimeout is how long a launcher may take to say who it is.
	handshakeTimeout = 5 * time.Second
	// complaintRate and complaintBurst cap log lines in a second about one launcher.
	complaintRate  = 0.1
	complaintBurst = 5
)

// accept serves the launcher's connections until the guest is closed.
func (g *Guest) accept(listener *net.UnixListener) {
	defer close(g.gone)
	defer g.hub.End()
	defer listener.Close()
	unblock := context.AfterFunc(g.ctx, func() { listener.Close() })
	defer unblock()
	var connections sync.WaitGroup
	defer connections.Wait()
	limit := rate.NewLimiter(connectRate, connectBurst)
	slots := make(chan struct{}, maxConnections)
	for {
		if limit.Wait(g.ctx) != nil {
			return
		}
		select {
		case slots <- struct{}{}:
		case <-g.ctx.Done():
			return
		}
		conn, err := listener.AcceptUnix()
		if err != nil {
			if g.ctx.Err() == nil {
				g.logger.Error(err, "Session socket does not accept")
			}
			return
		}
		connections.Go(func() {
			defer func() { <-slots }()
			g.serve(conn)
		})
	}
}

// serve runs one connection.
func (g *Guest) serve(socket *net.UnixConn) {
	defer socket.Close()
	ctx, cancel := context.WithCancel(g.ctx)
	defer cancel()
	unblock := context.AfterFunc(ctx, func() { socket.SetDeadline(time.Now()) })
	defer unblock()
	conn := session.NewConn(socket, session.MaxFromLauncher)
	if err := socket.SetDeadline(time.Now().Add(handshakeTimeout)); err != nil {
		return
	}
	m, files, err := conn.Receive()
	defer closeAll(files)
	if errors.Is(err, io.EOF) {
		return // somebody looked whether the socket listens
	}
	if err == nil {
		err = checkHello(m.Hello, files)
	}
	if err != nil {
		g.complain(err, "Launcher does not speak the protocol; connection closed")
		return
	}
	switch m.Hello.Kind {
	case session.KindConsole:
		if err := g.hub.Serve(ctx, conn); err != nil {
			g.complain(err, "Console connection closed")
		}
	case session.KindSession:
		if err := g.serveSession(ctx, conn, files); err != nil {
			g.complain(err, "Session closed")
		}
	case session.KindStream:
		if err := g.takeStream(m.Hello, files[0]); err != nil {
			g.complain(err, "Stream is not taken")
		}
	}
}

func checkHello(hello *session.Hello, files []*os.File) error {
	switch {
	case hello == nil:
		return errors.New("hello: another message came first")
	case hello.Version < 1 || hello.Version > session.Version:
		return fmt.Errorf("hello: version %d is not supported; this plugin speaks 1 to %d", hello.Version, session.Version)
	}
	descriptors, known := map[session.Kind]int{session.KindSession: 1, session.KindConsole: 0, session.KindStream: 1}[hello.Kind]
	switch {
	case !known:
		return fmt.Errorf("hello: kind %.32q is not supported", hello.Kind)
	case len(files) != descriptors:
		return fmt.Errorf("hello: a %s comes with %d descriptors, not %d", hello.Kind, descriptors, len(files))
	}
	return nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}
