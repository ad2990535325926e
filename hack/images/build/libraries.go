// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"path"

	"github.com/virtplane/virtplane/hack/images/archive"
)

// libraryDir is the directory of Debian's shared libraries on amd64.
const libraryDir = "usr/lib/x86_64-linux-gnu"

// addLibraries adds, from one tree to another, every shared library that ELF files in it need.
func addLibraries(to, from *archive.Tree) error {
	todo := to.Paths()
	for len(todo) > 0 {
		name := todo[0]
		todo = todo[1:]
		needed, err := neededLibraries(to.Get(name))
		if err != nil {
			return fmt.Errorf("read libraries of %s: %w", name, err)
		}
		for _, library := range needed {
			file := path.Join(libraryDir, library)
			if to.Get(file) != nil {
				continue
			}
			picked, err := pickOne(to, from, file)
			if err != nil {
				return fmt.Errorf("add library for %s: %w", name, err)
			}
			todo = append(todo, picked...)
		}
	}
	return nil
}

// neededLibraries gives the libraries that a file names, none for a file that is not ELF.
func neededLibraries(e *archive.Entry) ([]string, error) {
	if e.Type != tar.TypeReg {
		return nil, nil
	}
	content, err := e.Open()
	if err != nil {
		return nil, err
	}
	defer content.Close()
	magic := make([]byte, len(elf.ELFMAG))
	if _, err := io.ReadFull(content, magic); err != nil || string(magic) != elf.ELFMAG {
		return nil, nil
	}
	rest, err := io.ReadAll(content)
	if err != nil {
		return nil, err
	}
	file, err := elf.NewFile(bytes.NewReader(append(magic, rest...)))
	if err != nil {
		return nil, err
	}
	needed, err := file.ImportedLibraries()
	if err != nil && !errors.Is(err, elf.ErrNoSymbols) {
		return nil, err
	}
	return needed, nil
}
