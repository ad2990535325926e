// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package browser

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/gorilla/websocket"
)

const screenWidth, screenHeight = 320, 200

// screen is a VNC server (RFB 3.8, RFC 6143) with a picture of two halves.
type screen struct {
	// mu guards everything below, and what is written to the viewers.
	mu          sync.Mutex
	viewers     map[*websocket.Conn]bool
	left, right [3]byte
	// heard are the viewers' messages: "down KEYSYM", "up KEYSYM", "cut TEXT".
	heard []string
}

func newScreen() *screen {
	return &screen{viewers: map[*websocket.Conn]bool{}, left: [3]byte{200, 30, 40}, right: [3]byte{10, 180, 60}}
}

// reader makes a stream of messages.
type reader struct {
	conn *websocket.Conn
	rest bytes.Reader
}

func (r *reader) Read(p []byte) (int, error) {
	for r.rest.Len() == 0 {
		_, message, err := r.conn.ReadMessage()
		if err != nil {
			return 0, err
		}
		r.rest.Reset(message)
	}
	return r.rest.Read(p)
}

func (s *screen) serve(conn *websocket.Conn) {
	in := &reader{conn: conn}
	if err := s.shake(in, conn); err != nil {
		return
	}
	s.mu.Lock()
	s.viewers[conn] = true
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.viewers, conn)
	}()
	format := []byte{32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0}
	for {
		kind := []byte{0}
		if _, err := io.ReadFull(in, kind); err != nil {
			return
		}
		if err := s.hear(in, conn, kind[0], format); err != nil {
			if !errors.Is(err, io.EOF) {
				s.note("broken: " + err.Error())
			}
			return
		}
	}
}

func (s *screen) shake(in io.Reader, conn *websocket.Conn) error {
	say := func(p []byte) { conn.WriteMessage(websocket.BinaryMessage, p) }
	answer := make([]byte, 12)
	say([]byte("RFB 003.008\n"))
	if _, err := io.ReadFull(in, answer); err != nil {
		return err
	}
	say([]byte{1, 1}) // one security type: none
	if _, err := io.ReadFull(in, answer[:1]); err != nil {
		return err
	}
	say([]byte{0, 0, 0, 0})
	if _, err := io.ReadFull(in, answer[:1]); err != nil {
		return err
	}
	s.note(fmt.Sprintf("shared %d", answer[0]))
	const name = "QEMU (demo)"
	begin := binary.BigEndian.AppendUint16(nil, screenWidth)
	begin = binary.BigEndian.AppendUint16(begin, screenHeight)
	begin = append(begin, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0)
	begin = binary.BigEndian.AppendUint32(begin, uint32(len(name)))
	say(append(begin, name...))
	return nil
}

// hear takes one message of a viewer.
func (s *screen) hear(in io.Reader, conn *websocket.Conn, kind byte, format []byte) error {
	read := func(n int) ([]byte, error) {
		p := make([]byte, n)
		_, err := io.ReadFull(in, p)
		return p, err
	}
	switch kind {
	case 0: // SetPixelFormat
		p, err := read(19)
		if err == nil {
			copy(format, p[3:16])
		}
		return err
	case 2: // SetEncodings
		p, err := read(3)
		if err == nil {
			_, err = read(4 * int(binary.BigEndian.Uint16(p[1:])))
		}
		return err
	case 3: // FramebufferUpdateRequest
		p, err := read(9)
		if err == nil && p[0] == 0 {
			s.paint(conn, format)
		}
		return err
	case 4: // KeyEvent
		p, err := read(7)
		if err == nil {
			s.note(fmt.Sprintf("%s %x", map[byte]string{0: "up", 1: "down"}[p[0]], binary.BigEndian.Uint32(p[3:])))
		}
		return err
	case 5: // PointerEvent
		_, err := read(5)
		return err
	case 6: // ClientCutText
		p, err := read(7)
		if err != nil {
			return err
		}
		text, err := read(int(binary.BigEndian.Uint32(p[3:])))
		s.note("cut " + string(text))
		return err
	}
	return fmt.Errorf("message %d", kind)
}

// paint sends the whole picture, in the viewer's format of 32 bits.
func (s *screen) paint(conn *websocket.Conn, format []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	update := []byte{0, 0, 0, 1, 0, 0, 0, 0}
	update = binary.BigEndian.AppendUint16(update, screenWidth)
	update = binary.BigEndian.AppendUint16(update, screenHeight)
	update = append(update, 0, 0, 0, 0)
	for n := range screenWidth * screenHeight {
		color := s.left
		if n%screenWidth >= screenWidth/2 {
			color = s.right
		}
		pixel := uint32(color[0])<<format[10] | uint32(color[1])<<format[11] | uint32(color[2])<<format[12]
		update = binary.LittleEndian.AppendUint32(update, pixel)
	}
	conn.WriteMessage(websocket.BinaryMessage, update)
}

// cut has the guest copy text.
func (s *screen) cut(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	message := binary.BigEndian.AppendUint32([]byte{3, 0, 0, 0}, uint32(len(text)))
	for conn := range s.viewers {
		conn.WriteMessage(websocket.BinaryMessage, append(message, text...))
	}
}

func (s *screen) note(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = append(s.heard, what)
}

// drop breaks all connections, and gives the next one other colours.
func (s *screen) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left, s.right = [3]byte{20, 40, 220}, [3]byte{220, 210, 20}
	for conn := range s.viewers {
		conn.NetConn().Close()
	}
}

// dismiss ends all connections, for a viewer who wants the screen alone.
func (s *screen) dismiss(reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.viewers {
		conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.ClosePolicyViolation, reason))
	}
}

// take returns what was heard since the last call.
func (s *screen) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	heard := s.heard
	s.heard = nil
	return heard
}

func (s *screen) watched() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.viewers)
}
