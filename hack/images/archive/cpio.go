// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"archive/tar"
	"fmt"
	"io"
	"strings"
)

// File types of the cpio format, from stat(2).
const (
	cpioDir     = 0o040000
	cpioRegular = 0o100000
	cpioSymlink = 0o120000
	cpioChar    = 0o020000
)

// WriteCPIO writes the tree as an initramfs: cpio "newc", not compressed, with the one device node
// that the kernel opens before it starts /init. Owners are root.
func (t *Tree) WriteCPIO(w io.Writer) error {
	t.Dir("dev", 0o755, 0, 0)
	t.fillParents()
	c := &cpioWriter{w: w}
	for _, name := range t.Paths() {
		if err := c.entry(name, t.entries[name]); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	if err := c.header("dev/console", cpioChar|0o600, 0, 5, 1); err != nil {
		return err
	}
	return c.header("TRAILER!!!", 0, 0, 0, 0)
}

type cpioWriter struct {
	w     io.Writer
	inode int
}

func (c *cpioWriter) entry(name string, e *Entry) error {
	switch e.Type {
	case tar.TypeDir:
		return c.header(name, cpioDir|e.Mode, 0, 0, 0)
	case tar.TypeSymlink:
		if err := c.header(name, cpioSymlink|0o777, int64(len(e.Link)), 0, 0); err != nil {
			return err
		}
		return c.padded(strings.NewReader(e.Link), int64(len(e.Link)))
	}
	if err := c.header(name, cpioRegular|e.Mode, e.Size, 0, 0); err != nil {
		return err
	}
	content, err := e.Open()
	if err != nil {
		return err
	}
	defer content.Close()
	return c.padded(content, e.Size)
}

// header writes the fixed part of an entry; the fields are described in the kernel's
// Documentation/driver-api/early-userspace/buffer-format.rst.
func (c *cpioWriter) header(name string, mode, size, major, minor int64) error {
	c.inode++
	head := fmt.Sprintf("070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s\x00",
		c.inode, mode, 0, 0, 1, Epoch.Unix(), size, 0, 0, major, minor, len(name)+1, 0, name)
	return c.padded(strings.NewReader(head), int64(len(head)))
}

// padded copies so many bytes and fills up to a multiple of four.
func (c *cpioWriter) padded(r io.Reader, size int64) error {
	if _, err := io.CopyN(c.w, r, size); err != nil {
		return err
	}
	_, err := c.w.Write(make([]byte, (4-size%4)%4))
	return err
}
