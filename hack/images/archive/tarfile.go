// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
)

// ReadTar adds the files of an uncompressed tar file to the tree. Contents stay in the file, which
// must therefore live until the tree has been written. Set-id bits, extended attributes (file
// capabilities among them) and device nodes are left out: no image of ours may hold a way to more
// rights. Hard links become files of their own.
func (t *Tree) ReadTar(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("read root file system: %w", err)
	}
	defer f.Close()
	tr := tar.NewReader(f)
	for {
		header, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		entry := Entry{Type: header.Typeflag, Mode: header.Mode & 0o1777, UID: header.Uid, GID: header.Gid, Link: header.Linkname}
		switch header.Typeflag {
		case tar.TypeDir, tar.TypeSymlink:
		case tar.TypeLink:
			target := t.Get(header.Linkname)
			if target == nil {
				return fmt.Errorf("read %s: hard link %s comes before its target %s", name, header.Name, header.Linkname)
			}
			entry = *target
		case tar.TypeReg:
			// The reader does not buffer, so the file offset is where this entry's content begins.
			offset, err := f.Seek(0, io.SeekCurrent)
			if err != nil {
				return fmt.Errorf("read %s: %w", name, err)
			}
			entry.Size = header.Size
			entry.Open = func() (io.ReadCloser, error) { return openSection(name, offset, header.Size) }
		default:
			continue
		}
		t.Add(header.Name, entry)
	}
}

type section struct {
	io.Reader
	io.Closer
}

func openSection(name string, offset, size int64) (io.ReadCloser, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	return section{io.NewSectionReader(f, offset, size), f}, nil
}
