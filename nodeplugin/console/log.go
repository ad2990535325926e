// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

const (
	// maxLog is the size in bytes at which a log is put aside; one older one is kept.
	maxLog = 1 << 20
	// maxIndex caps the index file in bytes; it has some ten.
	maxIndex = 4 << 10

	oldSuffix   = ".1"
	nextSuffix  = ".next"
	indexSuffix = ".index"
)

// Log keeps a guest's serial output in a file, and knows the offset at which it ends: the number
// of bytes that the port had put out by then. It is not safe for concurrent use. A zero Log keeps
// nothing and counts.
type Log struct {
	path string
	// file is nil in a Log that keeps nothing.
	file *os.File
	// start is the offset of the file's first byte, had no output been missed.
	start int64
	size  int64
	// capacity is maxLog; tests use less.
	capacity int64
}

// OpenLog opens the log at path, or makes it.
func OpenLog(path string) (*Log, error) { return openLog(path, maxLog) }

func openLog(path string, capacity int64) (*Log, error) {
	l := &Log{path: path, capacity: capacity}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make directory of console logs: %w", err)
	}
	if err := l.reopen(); err == nil {
		return l, nil
	}
	// There is none, or one of unknown offsets. A log that was being put aside when its writer
	// was killed is found by its index in the old file's place.
	start := int64(0)
	if known, info, err := l.find(path + oldSuffix); err == nil {
		start = known + info.Size()
	}
	return l, l.create(start)
}

// reopen continues a log that a former process wrote.
func (l *Log) reopen() error {
	start, info, err := l.find(l.path)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(l.path, os.O_RDWR|os.O_APPEND|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return fmt.Errorf("open console log: %w", err)
	}
	l.file, l.start, l.size = file, start, info.Size()
	return nil
}

// find returns what the index says about the file at path.
func (l *Log) find(path string) (int64, os.FileInfo, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return 0, nil, err
	}
	raw, err := os.ReadFile(l.path + indexSuffix)
	if err != nil {
		return 0, nil, err
	}
	index := map[string]int64{}
	if len(raw) > maxIndex {
		return 0, nil, errors.New("index is too large")
	}
	if err := json.Unmarshal(raw, &index); err != nil {
		return 0, nil, err
	}
	start, known := index[inode(info)]
	if !known || !info.Mode().IsRegular() {
		return 0, nil, fs.ErrNotExist
	}
	return start, info, nil
}

// create begins a new file at offset start and puts the present one aside. The index knows the
// new file before it takes its place, and the old one until the next change: whenever the process
// is killed, the offset of what is there can be told.
func (l *Log) create(start int64) error {
	next, err := os.OpenFile(l.path+nextSuffix, os.O_CREATE|os.O_TRUNC|os.O_RDWR|os.O_APPEND|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return fmt.Errorf("make console log: %w", err)
	}
	if err := l.install(next, start); err != nil {
		next.Close()
		return err
	}
	if l.file != nil {
		l.file.Close()
	}
	l.file, l.start, l.size = next, start, 0
	return nil
}

func (l *Log) install(next *os.File, start int64) error {
	info, err := next.Stat()
	if err != nil {
		return fmt.Errorf("stat console log: %w", err)
	}
	index := map[string]int64{inode(info): start}
	if l.file != nil {
		current, err := l.file.Stat()
		if err != nil {
			return fmt.Errorf("stat console log: %w", err)
		}
		index[inode(current)] = l.start
	}
	if err := l.writeIndex(index); err != nil {
		return err
	}
	if err := os.Rename(l.path, l.path+oldSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("put console log aside: %w", err)
	}
	if err := os.Rename(l.path+nextSuffix, l.path); err != nil {
		return fmt.Errorf("begin console log: %w", err)
	}
	return nil
}

func (l *Log) writeIndex(index map[string]int64) error {
	raw, err := json.Marshal(index)
	if err != nil {
		return fmt.Errorf("encode index of console log: %w", err)
	}
	temporary := l.path + indexSuffix + nextSuffix
	if err := os.WriteFile(temporary, raw, 0o600); err != nil {
		return fmt.Errorf("write index of console log: %w", err)
	}
	if err := os.Rename(temporary, l.path+indexSuffix); err != nil {
		return fmt.Errorf("write index of console log: %w", err)
	}
	return nil
}

// Offset returns the offset at which the log ends.
func (l *Log) Offset() uint64 { return uint64(max(l.start+l.size, 0)) }

// SkipTo makes the log continue at offset, because what lies between is not to be had.
func (l *Log) SkipTo(offset uint64) error {
	if l.file == nil {
		l.start = int64(offset)
		return nil
	}
	if offset == l.Offset() {
		return nil
	}
	info, err := l.file.Stat()
	if err != nil {
		return fmt.Errorf("stat console log: %w", err)
	}
	l.start = int64(offset) - l.size
	return l.writeIndex(map[string]int64{inode(info): l.start})
}

// Write appends output. What cannot be written, as on a full disk, is skipped, so that the console
// itself goes on.
func (l *Log) Write(p []byte) (int, error) {
	if l.file == nil {
		l.start += int64(len(p))
		return len(p), nil
	}
	if l.size > 0 && l.size+int64(len(p)) > l.capacity {
		if err := l.create(l.start + l.size); err != nil {
			l.start += int64(len(p))
			return 0, err
		}
	}
	n, err := l.file.Write(p)
	l.size += int64(n)
	if err != nil {
		l.start += int64(len(p) - n)
		return n, fmt.Errorf("write console log: %w", err)
	}
	return n, nil
}

// Tail returns the last output, at most limit bytes of it.
func (l *Log) Tail(limit int64) []byte {
	if l.file == nil {
		return nil
	}
	tail := readEnd(l.file, l.size, limit)
	if missing := limit - int64(len(tail)); missing > 0 {
		if old, err := os.OpenFile(l.path+oldSuffix, os.O_RDONLY|syscall.O_NOFOLLOW, 0); err == nil {
			defer old.Close()
			if info, err := old.Stat(); err == nil && info.Mode().IsRegular() {
				return append(readEnd(old, info.Size(), missing), tail...)
			}
		}
	}
	return tail
}

func readEnd(f *os.File, size, limit int64) []byte {
	from := max(size-limit, 0)
	tail := make([]byte, size-from)
	n, err := f.ReadAt(tail, from)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil
	}
	return tail[:n]
}

// Close closes the file.
func (l *Log) Close() error {
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}

// inode names a file for the index, whatever it is called.
func inode(info os.FileInfo) string {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return strconv.FormatUint(stat.Ino, 10)
	}
	return ""
}
