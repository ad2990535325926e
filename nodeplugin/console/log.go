// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"k8s.io/apimachinery/pkg/types"
)

const (
	oldSuffix   = ".1"
	nextSuffix  = ".next"
	indexSuffix = ".index"
)

// Log keeps the end of a guest's serial output in two files: the one that is written, and the one
// before. Output is addressed by its offset, the number of bytes that the port had put out before it.
// A Log is not safe for concurrent use. A zero Log keeps nothing and counts.
type Log struct {
	path string
	// owner is whom later readers have to ask for; empty as long as it is not known.
	owner types.UID
	// old ends where current begins, unless output in between was missed. Both may be nil.
	old, current *section
	// end is the offset behind the last output, be it kept or not.
	end uint64
	// capacity is how many bytes current takes.
	capacity int64
}

// section is a file with output that has no gap.
type section struct {
	file  *os.File
	start uint64
	size  int64
}

func (s *section) end() uint64 { return s.start + uint64(s.size) }

func (s *section) holds(offset uint64) bool {
	return s != nil && offset >= s.start && offset < s.end()
}

// openLog continues the log at path, or makes it. It takes up to twice capacity bytes.
func openLog(path string, capacity int64) (*Log, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make directory of console logs: %w", err)
	}
	l, err := readLog(path)
	if err != nil {
		l = &Log{path: path}
	}
	l.capacity = capacity
	if l.current != nil {
		return l, nil
	}
	// There is none, or one of unknown offsets, or its writer was killed between two renames.
	if err := l.begin(); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// readLog opens the files of a log that a former process wrote, as far as the index knows them.
func readLog(path string) (*Log, error) {
	index, err := readIndex(path + indexSuffix)
	if err != nil {
		return nil, err
	}
	l := &Log{path: path, owner: index.Owner}
	if l.old, err = index.open(path + oldSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if l.current, err = index.open(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, errors.Join(err, l.Close())
	}
	for _, s := range []*section{l.old, l.current} {
		if s != nil {
			l.end = s.end()
		}
	}
	if l.old == nil && l.current == nil {
		return nil, fs.ErrNotExist
	}
	return l, nil
}

// begin starts a new file at the end and puts the present one aside. The index knows the new file
// before it takes its place, and the old one until the next change: whenever the process is killed,
// the offset of what is there can be told.
func (l *Log) begin() error {
	if l.current != nil && l.current.size == 0 {
		l.current.start = l.end
		return l.writeIndex(l.old, l.current)
	}
	file, err := os.OpenFile(l.path+nextSuffix, os.O_CREATE|os.O_TRUNC|os.O_RDWR|os.O_APPEND|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return fmt.Errorf("make console log: %w", err)
	}
	next := &section{file: file, start: l.end}
	if err := l.install(next); err != nil {
		file.Close()
		return err
	}
	if l.current != nil {
		if l.old != nil {
			l.old.file.Close()
		}
		l.old = l.current
	}
	l.current = next
	return nil
}

func (l *Log) install(next *section) error {
	aside := l.current
	if aside == nil {
		aside = l.old
	}
	if err := l.writeIndex(aside, next); err != nil {
		return err
	}
	var err error
	if l.current != nil {
		err = os.Rename(l.path, l.path+oldSuffix)
	} else {
		// Whatever it is, it is no log of this writer.
		err = os.Remove(l.path)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("put console log aside: %w", err)
	}
	if err := os.Rename(l.path+nextSuffix, l.path); err != nil {
		return fmt.Errorf("begin console log: %w", err)
	}
	return nil
}

// Offset returns the offset at which the output ends.
func (l *Log) Offset() uint64 { return l.end }

// SkipTo makes the log continue at offset, because what lies between is not to be had.
func (l *Log) SkipTo(offset uint64) { l.end = offset }

// Own notes whom the guest belongs to.
func (l *Log) Own(owner types.UID) error {
	if l.owner == owner || l.current == nil {
		return nil
	}
	l.owner = owner
	return l.writeIndex(l.old, l.current)
}

// Write appends output. What cannot be written, as on a full disk, is skipped, so that the console
// itself goes on.
func (l *Log) Write(p []byte) (int, error) {
	if l.current == nil {
		l.end += uint64(len(p))
		return len(p), nil
	}
	if l.current.end() != l.end || l.current.size > 0 && l.current.size+int64(len(p)) > l.capacity {
		if err := l.begin(); err != nil {
			l.end += uint64(len(p))
			return 0, err
		}
	}
	n, err := l.current.file.Write(p)
	l.current.size += int64(n)
	l.end += uint64(len(p))
	if err != nil {
		return n, fmt.Errorf("write console log: %w", err)
	}
	return n, nil
}

// Close closes the files.
func (l *Log) Close() error {
	var err error
	for _, s := range []*section{l.old, l.current} {
		if s != nil {
			err = errors.Join(err, s.file.Close())
		}
	}
	return err
}
