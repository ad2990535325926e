// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// findLabel gives the block device with a file system of one of these labels, "" for none. Case
// does not matter: cloud-init's volumes are called cidata by some tools and CIDATA by others.
func findLabel(labels ...string) string {
	devices, _ := filepath.Glob("/sys/class/block/*")
	for _, path := range devices {
		device := "/dev/" + filepath.Base(path)
		f, err := os.Open(device)
		if err != nil {
			continue // a drive without a medium
		}
		found := readLabel(f)
		f.Close()
		for _, label := range labels {
			if strings.EqualFold(found, label) {
				return device
			}
		}
	}
	return ""
}

// readLabel reads the label of an ext4, ISO 9660 or FAT file system, "" for anything else.
func readLabel(r io.ReaderAt) string {
	text := func(offset int64, size int) string {
		raw := make([]byte, size)
		if _, err := r.ReadAt(raw, offset); err != nil {
			return ""
		}
		raw, _, _ = bytes.Cut(raw, []byte{0})
		return strings.TrimRight(string(raw), " ")
	}
	switch {
	case text(0x8001, 5) == "CD001":
		return text(0x8028, 32)
	case text(1024+0x38, 2) == "\x53\xef":
		return text(1024+0x78, 16)
	case strings.HasPrefix(text(0x36, 8), "FAT"):
		return text(0x2b, 11)
	case text(0x52, 5) == "FAT32":
		return text(0x47, 11)
	}
	return ""
}
