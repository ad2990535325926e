// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"bytes"
	"context"
	"io"
)

const (
	// escape is Ctrl-], which leaves the console.
	escape = 0x1d
	// interrupt is Ctrl-C, which leaves as well where nothing can be typed.
	interrupt = 0x03
	// chunk is how much is read at once, in bytes.
	chunk = 4 << 10
	// maxTyped caps what is kept while there is no connection, in bytes.
	maxTyped = 64 << 10
)

// keyboard collects input and watches for the escape character, whether there is a connection or not.
type keyboard struct {
	chunks chan []byte
	// typed was read and not yet sent.
	typed []byte
	// left is set by the escape character, ended by the end of the input.
	left, ended bool
	// mute drops what is typed.
	mute bool
}

// newKeyboard reads from in until it ends. A read that is in progress when ctx ends cannot be stopped; what it reads
// is lost.
func newKeyboard(ctx context.Context, in io.Reader) *keyboard {
	k := &keyboard{chunks: make(chan []byte)}
	go func() {
		defer close(k.chunks)
		for {
			buffer := make([]byte, chunk)
			n, err := in.Read(buffer)
			if n > 0 {
				select {
				case k.chunks <- buffer[:n]:
				case <-ctx.Done():
					return
				}
			}
			if err != nil {
				return
			}
		}
	}()
	return k
}

// input returns the channel to receive from, nil while no more can be taken.
func (k *keyboard) input() <-chan []byte {
	if k.ended || k.left || len(k.typed) >= maxTyped {
		return nil
	}
	return k.chunks
}

// take notes what came from input.
func (k *keyboard) take(keys []byte, open bool) {
	if !open {
		k.ended = true
		return
	}
	if k.mute {
		k.left = bytes.ContainsAny(keys, string([]byte{escape, interrupt}))
		return
	}
	if i := bytes.IndexByte(keys, escape); i >= 0 {
		k.left = true
		keys = keys[:i]
	}
	k.typed = append(k.typed, keys...)
}

// flush returns what was typed and forgets it.
func (k *keyboard) flush() []byte {
	typed := k.typed
	k.typed = nil
	return typed
}
