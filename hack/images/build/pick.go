// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"archive/tar"
	"fmt"
	"path"
	"strings"

	"github.com/virtplane/virtplane/hack/images/archive"
)

// pick copies the files that match the patterns from one tree into another, with the targets of
// symbolic links. A pattern that ends in "/" takes all below a directory. A pattern that matches
// nothing is an error: a package that moved a file must not leave a hole in an image.
func pick(to, from *archive.Tree, patterns []string) error {
	for _, pattern := range patterns {
		found := false
		for _, name := range from.Paths() {
			match, err := path.Match(pattern, name)
			if err != nil {
				return fmt.Errorf("pick %s: %w", pattern, err)
			}
			if strings.HasSuffix(pattern, "/") {
				match = strings.HasPrefix(name, pattern)
			}
			if !match || from.Get(name).Type == tar.TypeDir {
				continue
			}
			found = true
			if _, err := pickOne(to, from, name); err != nil {
				return err
			}
		}
		if !found {
			return fmt.Errorf("pick %s: no package has such a file", pattern)
		}
	}
	return nil
}

// pickOne copies one file, and what it points to if it is a symbolic link; it gives the paths of
// all that it copied.
func pickOne(to, from *archive.Tree, name string) ([]string, error) {
	var picked []string
	for range 8 {
		entry := from.Get(name)
		if entry == nil {
			return nil, fmt.Errorf("pick %s: no package has such a file", name)
		}
		to.Add(name, *entry)
		picked = append(picked, name)
		if entry.Type != tar.TypeSymlink {
			return picked, nil
		}
		if path.IsAbs(entry.Link) {
			name = archive.Clean(entry.Link)
		} else {
			name = archive.Clean(path.Join(path.Dir(name), entry.Link))
		}
	}
	return nil, fmt.Errorf("pick %s: too many symbolic links", name)
}
