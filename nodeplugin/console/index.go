// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"syscall"

	"k8s.io/apimachinery/pkg/types"
)

// maxIndex caps the index file in bytes; it has some hundred.
const maxIndex = 4 << 10

// index is what the names of a log's files do not tell.
type index struct {
	// Owner is the UID of the virtual machine, or of the instance where there is none.
	Owner types.UID `json:"owner,omitempty"`
	// Starts holds the offset of the first byte of each file, by inode: files change their names.
	Starts map[string]uint64 `json:"starts"`
}

func readIndex(path string) (*index, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("open index of console log: %w", err)
	}
	defer file.Close()
	raw := make([]byte, maxIndex)
	n, err := file.Read(raw)
	if err != nil {
		return nil, fmt.Errorf("read index of console log: %w", err)
	}
	i := &index{}
	if err := json.Unmarshal(raw[:n], i); err != nil {
		return nil, fmt.Errorf("decode index of console log: %w", err)
	}
	return i, nil
}

// open opens the file at path if the index knows it.
func (i *index) open(path string) (*section, error) {
	// A log that has ended is only read, but nothing is gained by telling the two apart.
	file, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if errors.Is(err, syscall.ELOOP) {
		return nil, fs.ErrNotExist
	}
	if err != nil {
		return nil, fmt.Errorf("open console log: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("stat console log: %w", err)
	}
	start, known := i.Starts[inode(info)]
	if !known || !info.Mode().IsRegular() {
		file.Close()
		return nil, fs.ErrNotExist
	}
	return &section{file: file, start: start, size: info.Size()}, nil
}

func (l *Log) writeIndex(sections ...*section) error {
	i := index{Owner: l.owner, Starts: map[string]uint64{}}
	for _, s := range sections {
		if s == nil {
			continue
		}
		info, err := s.file.Stat()
		if err != nil {
			return fmt.Errorf("stat console log: %w", err)
		}
		i.Starts[inode(info)] = s.start
	}
	raw, err := json.Marshal(i)
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

// inode names a file for the index, whatever it is called.
func inode(info os.FileInfo) string {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return strconv.FormatUint(stat.Ino, 10)
	}
	return ""
}
