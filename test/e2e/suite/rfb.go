// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"encoding/binary"
	"fmt"
	"io"
)

// Screen is a viewer of a guest's screen that speaks RFB 3.8 as far as tests need it (RFC 6143).
type Screen struct {
	stream        io.ReadWriter
	Width, Height int
	Name          string
}

// NewScreen shakes hands as a viewer that would have the others leave, if shared is false.
func NewScreen(stream io.ReadWriter, shared bool) (*Screen, error) {
	version := make([]byte, 12)
	if _, err := io.ReadFull(stream, version); err != nil {
		return nil, fmt.Errorf("read version: %w", err)
	}
	if string(version) != "RFB 003.008\n" {
		return nil, fmt.Errorf("the server speaks %q", version)
	}
	if _, err := stream.Write(version); err != nil {
		return nil, err
	}
	count := make([]byte, 1)
	if _, err := io.ReadFull(stream, count); err != nil || count[0] == 0 {
		return nil, fmt.Errorf("read security types: %d of them, %w", count[0], err)
	}
	if _, err := io.CopyN(io.Discard, stream, int64(count[0])); err != nil {
		return nil, fmt.Errorf("read security types: %w", err)
	}
	const none = 1
	if _, err := stream.Write([]byte{none}); err != nil {
		return nil, err
	}
	result := make([]byte, 4)
	if _, err := io.ReadFull(stream, result); err != nil || binary.BigEndian.Uint32(result) != 0 {
		return nil, fmt.Errorf("security result %v: %w", result, err)
	}
	share := byte(0)
	if shared {
		share = 1
	}
	if _, err := stream.Write([]byte{share}); err != nil {
		return nil, err
	}
	head := make([]byte, 24)
	if _, err := io.ReadFull(stream, head); err != nil {
		return nil, fmt.Errorf("read what the screen is: %w", err)
	}
	name := make([]byte, min(binary.BigEndian.Uint32(head[20:]), 1024))
	if _, err := io.ReadFull(stream, name); err != nil {
		return nil, fmt.Errorf("read the screen's name: %w", err)
	}
	return &Screen{stream, int(binary.BigEndian.Uint16(head)), int(binary.BigEndian.Uint16(head[2:])), string(name)}, nil
}

// Update asks for the whole screen in raw pixels and returns how many bytes of them came.
func (s *Screen) Update() (int, error) {
	// SetEncodings: raw alone; then FramebufferUpdateRequest, not incremental.
	request := []byte{2, 0, 0, 1, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0}
	request = binary.BigEndian.AppendUint16(request, uint16(s.Width))
	request = binary.BigEndian.AppendUint16(request, uint16(s.Height))
	if _, err := s.stream.Write(request); err != nil {
		return 0, err
	}
	head := make([]byte, 4)
	if _, err := io.ReadFull(s.stream, head); err != nil || head[0] != 0 {
		return 0, fmt.Errorf("read update: message %d: %w", head[0], err)
	}
	total := 0
	for range binary.BigEndian.Uint16(head[2:]) {
		rectangle := make([]byte, 12)
		if _, err := io.ReadFull(s.stream, rectangle); err != nil {
			return total, fmt.Errorf("read rectangle: %w", err)
		}
		const bytesPerPixel = 4
		size := int64(binary.BigEndian.Uint16(rectangle[4:])) * int64(binary.BigEndian.Uint16(rectangle[6:])) * bytesPerPixel
		if _, err := io.CopyN(io.Discard, s.stream, size); err != nil {
			return total, fmt.Errorf("read pixels: %w", err)
		}
		total += int(size)
	}
	return total, nil
}

// Press presses and releases a key by its X11 keysym.
func (s *Screen) Press(keysym uint32) error {
	for _, down := range []byte{1, 0} {
		if _, err := s.stream.Write(binary.BigEndian.AppendUint32([]byte{4, down, 0, 0}, keysym)); err != nil {
			return err
		}
	}
	return nil
}
