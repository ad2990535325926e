// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

const (
	// pingInterval keeps proxies and load balancers, which drop idle connections after a minute or so, from doing it.
	pingInterval = 20 * time.Second
	// maxSilence is for how many pings a server that answered one may be silent before it counts as gone.
	maxSilence = 3
	// farewellTime is how long the close message may take.
	farewellTime = time.Second
)

// Conn is a websocket as a stream of bytes. One goroutine may read while another writes.
type Conn struct {
	socket *websocket.Conn
	// message is what is being read, nil between two messages.
	message io.Reader
	// ping is the pause between pings; answered is set by the first answer to one.
	ping     time.Duration
	answered atomic.Bool
	// over ends the pings.
	over  chan struct{}
	close sync.Once
}

func newConn(socket *websocket.Conn, ping time.Duration) *Conn {
	c := &Conn{socket: socket, ping: ping, over: make(chan struct{})}
	socket.SetPongHandler(func(string) error {
		// Not every server answers pings; one that does has to go on doing so.
		c.answered.Store(true)
		return c.expect()
	})
	go c.live()
	return c
}

// expect has the read that comes next, or is going on, fail when the server is gone. Time in which nobody reads,
// because nobody takes what was read, does not count.
func (c *Conn) expect() error {
	if !c.answered.Load() {
		return nil
	}
	return c.socket.SetReadDeadline(time.Now().Add(maxSilence * c.ping))
}

// live shows the server that this side is there. Beside pings it sends unasked answers to the server's: those that are
// asked for are only sent while somebody reads.
func (c *Conn) live() {
	pings := time.NewTicker(c.ping)
	defer pings.Stop()
	for {
		select {
		case <-c.over:
			return
		case <-pings.C:
			deadline := time.Now().Add(c.ping)
			// The reader, or the next write, finds out what is wrong.
			_ = c.socket.WriteControl(websocket.PingMessage, nil, deadline)
			_ = c.socket.WriteControl(websocket.PongMessage, nil, deadline)
		}
	}
}

// Read reads what the server sends, across messages. It returns io.EOF when the server has said that it is done.
func (c *Conn) Read(p []byte) (int, error) {
	for {
		if c.message == nil {
			if err := c.next(); err != nil {
				return 0, err
			}
		}
		if err := c.expect(); err != nil {
			return 0, err
		}
		n, err := c.message.Read(p)
		if errors.Is(err, io.EOF) {
			c.message, err = nil, nil
		}
		if n > 0 || err != nil {
			return n, explain(err)
		}
	}
}

// ReadMessage reads one whole message into p, and drops what is longer.
func (c *Conn) ReadMessage(p []byte) (int, error) {
	if err := c.next(); err != nil {
		return 0, err
	}
	n, err := io.ReadFull(c.message, p)
	c.message = nil
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return n, explain(err)
}

// next waits for a message that carries bytes.
func (c *Conn) next() error {
	for {
		if err := c.expect(); err != nil {
			return err
		}
		kind, message, err := c.socket.NextReader()
		if err != nil {
			return explain(err)
		}
		if kind == websocket.BinaryMessage {
			c.message = message
			return nil
		}
	}
}

// Write sends p as one message.
func (c *Conn) Write(p []byte) (int, error) {
	if err := c.socket.WriteMessage(websocket.BinaryMessage, p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close says goodbye and closes the connection.
func (c *Conn) Close() error {
	var err error
	c.close.Do(func() {
		close(c.over)
		farewell := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
		// The connection goes either way.
		_ = c.socket.WriteControl(websocket.CloseMessage, farewell, time.Now().Add(farewellTime))
		err = c.socket.Close()
	})
	return err
}

// explain puts the end of a websocket into words.
func explain(err error) error {
	var end *websocket.CloseError
	if !errors.As(err, &end) {
		return err
	}
	switch {
	case end.Code == websocket.CloseNormalClosure && end.Text == "":
		return io.EOF
	case end.Code == websocket.CloseAbnormalClosure:
		return fmt.Errorf("the connection broke: %w", err)
	case end.Text == "":
		return fmt.Errorf("the server closed the connection: %w", err)
	}
	return fmt.Errorf("the server closed the connection: %s", end.Text)
}
