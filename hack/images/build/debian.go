// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/virtplane/virtplane/hack/images/archive"
)

// suite is the Debian release that images are made from.
const suite = "trixie"

// unpackDebian gives the files of packages and of all they depend on. The packages are only
// unpacked (variant "extract"): no maintainer script runs and nothing comes along that no
// dependency asks for, no shell and no package manager.
func unpackDebian(work string, packages []string) (*archive.Tree, error) {
	if err := NeedTools("mmdebstrap"); err != nil {
		return nil, err
	}
	if os.Geteuid() != 0 {
		return nil, errors.New("unpack Debian packages: must be root")
	}
	rootfs := filepath.Join(work, "rootfs.tar")
	cmd := exec.Command("mmdebstrap", "--variant=extract", "--mode=root",
		"--aptopt=Apt::Install-Recommends false", "--aptopt=Acquire::Retries 5",
		"--include="+strings.Join(packages, ","), suite, rootfs)
	cmd.Env = append(reproducibleEnv(), "TMPDIR="+work)
	if err := run(cmd); err != nil {
		return nil, fmt.Errorf("unpack Debian packages: %w", err)
	}
	tree := archive.NewTree()
	if err := tree.ReadTar(rootfs); err != nil {
		return nil, err
	}
	return tree, nil
}

// readList reads a file of words; "#" begins a comment.
func readList(path string) ([]string, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read list: %w", err)
	}
	return words(string(raw)), nil
}

// words gives the words of a text without its comments.
func words(text string) []string {
	var list []string
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		list = append(list, strings.Fields(line)...)
	}
	return list
}
