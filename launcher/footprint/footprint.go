// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package footprint makes a process small that has done most of its work at its start.
package footprint

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	// gcPercent trades a little CPU for a small heap.
	gcPercent = 25
	// threads that run Go code at once: each has caches of its own, and on a large node there would
	// be one for each of its CPUs.
	threads = 2
)

// Limit keeps the Go runtime small. It is to be called before anything is done.
func Limit() {
	debug.SetGCPercent(gcPercent)
	runtime.GOMAXPROCS(min(threads, runtime.GOMAXPROCS(0)))
}

// Trim gives back the memory that only the start needed: free heap, and the pages of the program
// and its libraries, which are read again from the page cache where they are still wanted.
func Trim() error {
	debug.FreeOSMemory()
	smaps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return fmt.Errorf("trim memory: %w", err)
	}
	defer smaps.Close()
	mappings, err := unmodified(smaps)
	if err != nil {
		return fmt.Errorf("trim memory: %w", err)
	}
	for _, m := range mappings {
		// By address: the memory is not Go's. A mapping that is gone by now gives an error, which
		// costs nothing.
		_, _, _ = unix.Syscall(unix.SYS_MADVISE, m.start, m.end-m.start, unix.MADV_DONTNEED)
	}
	return nil
}

type mapping struct{ start, end uintptr }

// unmodified lists the private mappings of files that cannot be written and hold no page of their
// own, such as one with relocations: dropping their pages loses nothing.
func unmodified(smaps io.Reader) ([]mapping, error) {
	var list []mapping
	var current *mapping
	lines := bufio.NewScanner(smaps)
	for lines.Scan() {
		fields := bytes.Fields(lines.Bytes())
		switch {
		case len(fields) >= 5 && bytes.ContainsRune(fields[0], '-'):
			current = candidate(fields)
		case current != nil && len(fields) == 3 && string(fields[0]) == "Anonymous:":
			if string(fields[1]) == "0" {
				list = append(list, *current)
			}
			current = nil
		}
	}
	return list, lines.Err()
}

func candidate(fields [][]byte) *mapping {
	permissions := string(fields[1])
	if len(fields) < 6 || fields[5][0] != '/' || strings.Contains(permissions, "w") || !strings.HasSuffix(permissions, "p") {
		return nil
	}
	from, to, _ := strings.Cut(string(fields[0]), "-")
	start, err1 := strconv.ParseUint(from, 16, 64)
	end, err2 := strconv.ParseUint(to, 16, 64)
	if err1 != nil || err2 != nil {
		return nil
	}
	return &mapping{start: uintptr(start), end: uintptr(end)}
}
