// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/virtplane/virtplane/hack/images/archive"
)

// addBusybox adds Debian's static busybox and, beside it, a link for every applet.
func addBusybox(tree, debian *archive.Tree, dir, work string) error {
	entry := debian.Get("usr/bin/busybox")
	if entry == nil {
		return errors.New("add busybox: busybox-static has no usr/bin/busybox")
	}
	applets, err := busyboxApplets(entry, work)
	if err != nil {
		return fmt.Errorf("add busybox: %w", err)
	}
	for _, applet := range applets {
		tree.Symlink(dir+"/"+applet, "busybox")
	}
	tree.Add(dir+"/busybox", *entry)
	return nil
}

// busyboxApplets runs the binary to learn which applets it has.
func busyboxApplets(entry *archive.Entry, work string) ([]string, error) {
	path := filepath.Join(work, "busybox")
	content, err := entry.Open()
	if err != nil {
		return nil, err
	}
	defer content.Close()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o755)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(f, content); err != nil {
		f.Close()
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	output, err := exec.Command(path, "--list").Output()
	if err != nil {
		return nil, fmt.Errorf("list applets: %w", err)
	}
	return strings.Fields(string(output)), nil
}
