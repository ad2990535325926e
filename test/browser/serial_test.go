// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package browser

import (
	"sync"

	"github.com/gorilla/websocket"
)

// maxScrollback is what a serial console repeats to whoever connects, in bytes.
const maxScrollback = 64 << 10

// serial is a serial console that many watch: they all see the same bytes, and what they type comes back as an echo.
type serial struct {
	// mu guards everything below, and what is written to the viewers.
	mu         sync.Mutex
	viewers    map[*websocket.Conn]bool
	scrollback []byte
	typed      string
}

func newSerial() *serial { return &serial{viewers: map[*websocket.Conn]bool{}} }

func (s *serial) serve(conn *websocket.Conn) {
	s.mu.Lock()
	if len(s.scrollback) > 0 {
		conn.WriteMessage(websocket.BinaryMessage, s.scrollback)
	}
	s.viewers[conn] = true
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.viewers, conn)
	}()
	for {
		_, keys, err := conn.ReadMessage()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.typed += string(keys)
		s.mu.Unlock()
		s.print(string(keys))
	}
}

// print is output of the guest.
func (s *serial) print(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scrollback = append(s.scrollback, text...)
	s.scrollback = s.scrollback[max(0, len(s.scrollback)-maxScrollback):]
	for conn := range s.viewers {
		conn.WriteMessage(websocket.BinaryMessage, []byte(text))
	}
}

// drop breaks all connections, as a restart of the node plugin does.
func (s *serial) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.viewers {
		conn.NetConn().Close()
	}
}

func (s *serial) got() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.typed
}

func (s *serial) watched() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.viewers)
}
