// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package display

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// What RFB (RFC 6143) calls things.
const (
	rfbVersion     = "RFB 003.008\n"
	securityNone   = 1
	pointerEvent   = 5
	shared         = 1
	serverInitSize = 24
)

// pointerTimeout is how long the VNC server may take to greet; it is in the same pod.
const pointerTimeout = 3 * time.Second

// MovePointer moves the guest's pointer to the middle of the screen, which wakes a screen that sleeps.
// No button is pressed.
func MovePointer(ctx context.Context, socket string) error {
	ctx, cancel := context.WithTimeout(ctx, pointerTimeout)
	defer cancel()
	conn, err := dial(ctx, socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	unblock := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Now()) })
	defer unblock()
	if err := movePointer(conn); err != nil {
		return fmt.Errorf("move the pointer: %w", err)
	}
	return nil
}

func movePointer(server io.ReadWriter) error {
	width, height, err := greet(server)
	if err != nil {
		return err
	}
	// Two steps: the pointer may be in the middle already, and a mouse without positions moves by the
	// difference of two.
	x, y := width/2, height/2
	_, err = server.Write(append(moveTo(x, y), moveTo(x+1, y)...))
	return err
}

// greet opens a session without a password beside those of others, and returns the size of the screen.
func greet(server io.ReadWriter) (width, height uint16, err error) {
	version := make([]byte, len(rfbVersion))
	if _, err := io.ReadFull(server, version); err != nil {
		return 0, 0, err
	}
	if !bytes.HasPrefix(version, []byte("RFB 003.")) {
		return 0, 0, fmt.Errorf("the screen speaks %q, not RFB 3", version)
	}
	if _, err := io.WriteString(server, rfbVersion); err != nil {
		return 0, 0, err
	}
	count := make([]byte, 1)
	if _, err := io.ReadFull(server, count); err != nil {
		return 0, 0, err
	}
	kinds := make([]byte, count[0])
	if _, err := io.ReadFull(server, kinds); err != nil {
		return 0, 0, err
	}
	if !bytes.Contains(kinds, []byte{securityNone}) {
		return 0, 0, errors.New("the screen wants a password")
	}
	if _, err := server.Write([]byte{securityNone}); err != nil {
		return 0, 0, err
	}
	result := make([]byte, 4)
	if _, err := io.ReadFull(server, result); err != nil {
		return 0, 0, err
	}
	if binary.BigEndian.Uint32(result) != 0 {
		return 0, 0, errors.New("the screen refuses a session")
	}
	if _, err := server.Write([]byte{shared}); err != nil {
		return 0, 0, err
	}
	screen := make([]byte, serverInitSize) // the name that follows is of no use here
	if _, err := io.ReadFull(server, screen); err != nil {
		return 0, 0, err
	}
	return binary.BigEndian.Uint16(screen), binary.BigEndian.Uint16(screen[2:]), nil
}

func moveTo(x, y uint16) []byte {
	message := []byte{pointerEvent, 0}
	message = binary.BigEndian.AppendUint16(message, x)
	return binary.BigEndian.AppendUint16(message, y)
}
