// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// key is the hash of everything a cached thing is made from.
type key struct {
	hash hash.Hash
	err  error
}

// newKey begins with the recipe's own version: the number to raise when the Go code of a recipe
// changes in a way that must rebuild what it made.
func newKey(recipe string, version int) *key {
	k := &key{hash: sha256.New()}
	return k.text(fmt.Sprintf("%s/%d", recipe, version))
}

func (k *key) text(values ...string) *key {
	for _, value := range values {
		fmt.Fprintf(k.hash, "%d:%s\n", len(value), value)
	}
	return k
}

// file adds a file's content and whether it is executable.
func (k *key) file(path string) *key {
	if k.err != nil {
		return k
	}
	f, err := os.Open(path)
	if err != nil {
		k.err = err
		return k
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		k.err = err
		return k
	}
	fmt.Fprintf(k.hash, "file %s %v %d\n", filepath.Base(path), info.Mode().Perm()&0o100 != 0, info.Size())
	_, k.err = io.Copy(k.hash, f)
	return k
}

// dir adds every file below a directory, with its relative path. Descriptions and Go tests are left
// out: they change no image.
func (k *key) dir(path string) *key {
	if k.err != nil {
		return k
	}
	err := filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(name, ".md") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		rel, err := filepath.Rel(path, name)
		if err != nil {
			return err
		}
		return k.text(filepath.ToSlash(rel)).file(name).err
	})
	if k.err == nil {
		k.err = err
	}
	return k
}

func (k *key) sum() (string, error) {
	if k.err != nil {
		return "", fmt.Errorf("hash input: %w", k.err)
	}
	return hex.EncodeToString(k.hash.Sum(nil)), nil
}
