// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package browser

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
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
	// total is how much was put out, in bytes.
	total int
	// run is set for a server that lets viewers go on where they were.
	run string
	// repeated is how much of the scrollback the last viewer has got, in bytes.
	repeated int
}

func newSerial() *serial { return &serial{viewers: map[*websocket.Conn]bool{}} }

// begin returns where a viewer begins who may have asked for a position, and what tells it.
func (s *serial) begin(query url.Values) (http.Header, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	from := s.total - len(s.scrollback)
	if s.run == "" {
		return nil, from
	}
	if run, offset, _ := strings.Cut(query.Get("position"), ":"); run == s.run {
		fmt.Sscan(offset, &from)
	}
	return http.Header{"Virtplane-Console-Position": {fmt.Sprintf("%s:%d", s.run, from)}}, from
}

func (s *serial) serve(conn *websocket.Conn, from int) {
	s.mu.Lock()
	rest := s.scrollback[len(s.scrollback)-(s.total-from):]
	s.repeated = len(rest)
	if len(rest) > 0 {
		conn.WriteMessage(websocket.BinaryMessage, rest)
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
	s.total += len(text)
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
