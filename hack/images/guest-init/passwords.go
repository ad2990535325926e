// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// setHash puts a crypt(3) hash, or "!" for none that fits, into the line of a user in shadow.
func (f files) setHash(name, hash string) error {
	if strings.ContainsAny(hash, ":\n") {
		return fmt.Errorf("set password of %s: the hash is not valid", name)
	}
	path := filepath.Join(f.root, "etc/shadow")
	raw, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("set password of %s: %w", name, err)
	}
	found := false
	lines := strings.SplitAfter(string(raw), "\n")
	for i, line := range lines {
		fields := strings.SplitN(line, ":", 3)
		if len(fields) == 3 && fields[0] == name {
			lines[i] = name + ":" + hash + ":" + fields[2]
			found = true
		}
	}
	if !found {
		return fmt.Errorf("set password of %s: no such user", name)
	}
	// By rename: a guest that loses power here must still have its users.
	if err := os.WriteFile(path+".new", []byte(strings.Join(lines, "")), 0o600); err != nil {
		return fmt.Errorf("set password of %s: %w", name, err)
	}
	return os.Rename(path+".new", path)
}

// busyboxCrypt hashes a password; it travels through a pipe, where no other process can see it.
func busyboxCrypt(password string) (string, error) {
	cmd := exec.Command("/usr/bin/mkpasswd", "-m", "sha512")
	cmd.Stdin = strings.NewReader(password + "\n")
	output, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return strings.TrimSpace(string(output)), nil
}
