// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"k8s.io/apimachinery/pkg/types"
)

// maxReaders caps the readers of ended logs on a node: each holds two open files.
const maxReaders = 128

// ErrTooManyReaders says that no more logs can be read.
var ErrTooManyReaders = fmt.Errorf("the node is reading %d logs already", maxReaders)

// Past is the log of a run that has ended, on its way to a reader.
type Past struct {
	logs          *Logs
	log           *Log
	start, offset uint64
}

// Start returns the offset of the first output.
func (p *Past) Start() uint64 { return p.start }

// Run returns the UID of the instance.
func (p *Past) Run() types.UID {
	return types.UID(strings.TrimSuffix(filepath.Base(p.log.path), logSuffix))
}

// Read returns the tail of the log of a run that has ended.
func (l *Logs) Read(instance types.NamespacedName, q Query, tail Tail) (*Past, error) {
	if l.readers.Add(1) > maxReaders {
		l.readers.Add(-1)
		refused.WithLabelValues(string(Reader)).Inc()
		return nil, ErrTooManyReaders
	}
	viewers.WithLabelValues(string(Reader)).Inc()
	p := &Past{logs: l, log: &Log{}}
	log, err := l.find(instance, q)
	if err == nil {
		p.log = log
		p.start, err = tail.begin(log)
		p.offset = p.start
	}
	if err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// Next returns the next piece, or io.EOF at the end.
func (p *Past) Next(context.Context) (Piece, error) {
	next := p.log.following(p.offset)
	piece := Piece{Skipped: next - p.offset}
	if next == p.log.end {
		return Piece{}, io.EOF
	}
	piece.Output = make([]byte, min(p.log.end-next, maxPiece))
	n, err := p.log.readAt(next, piece.Output)
	switch {
	case err != nil:
		return Piece{}, err
	case n == 0:
		return Piece{}, errTorn
	}
	piece.Output = piece.Output[:n]
	p.offset = next + uint64(n)
	sentBytes.WithLabelValues(string(Reader)).Add(float64(n))
	return piece, nil
}

// Close lets the log go.
func (p *Past) Close() {
	viewers.WithLabelValues(string(Reader)).Dec()
	p.logs.readers.Add(-1)
	p.log.Close()
}
