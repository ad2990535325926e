// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"io"
	"sync"
)

// stdio is the input and output of this process as one connection.
type stdio struct {
	out    io.Writer
	chunks chan []byte
	// rest is what is left of the last chunk.
	rest  []byte
	over  chan struct{}
	close sync.Once
}

// Stdio joins in and out. Closing it ends a Read at once, although a read of in that waits for its writer cannot be
// stopped: what it reads is lost.
func Stdio(in io.Reader, out io.Writer) io.ReadWriteCloser {
	s := &stdio{out: out, chunks: make(chan []byte), over: make(chan struct{})}
	go s.pump(in)
	return s
}

func (s *stdio) pump(in io.Reader) {
	defer close(s.chunks)
	// While one half is being sent, the other is being read.
	var halves [2][chunk]byte
	for i := 0; ; i++ {
		buffer := halves[i%2][:]
		n, err := in.Read(buffer)
		if n > 0 {
			select {
			case s.chunks <- buffer[:n]:
			case <-s.over:
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (s *stdio) Read(p []byte) (int, error) {
	if len(s.rest) == 0 {
		select {
		case chunk, open := <-s.chunks:
			if !open {
				return 0, io.EOF
			}
			s.rest = chunk
		case <-s.over:
			return 0, io.ErrClosedPipe
		}
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

func (s *stdio) Write(p []byte) (int, error) { return s.out.Write(p) }

func (s *stdio) Close() error {
	s.close.Do(func() { close(s.over) })
	return nil
}
