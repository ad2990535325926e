// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// userName is what useradd of Debian takes.
var userName = regexp.MustCompile(`^[a-z_][a-z0-9_-]{0,31}$`)

const firstUID = 1001 // 1000 is the user debian

// addUser adds an account with a group and a home of its own; one that is there stays as it is.
func (f files) addUser(u user) error {
	if !userName.MatchString(u.Name) {
		return fmt.Errorf("add user %q: the name is not valid", u.Name)
	}
	if _, _, _, err := f.account(u.Name); err == nil {
		return nil
	}
	shell := firstNonEmpty(u.Shell, "/bin/sh")
	if _, err := os.Stat(filepath.Join(f.root, shell)); err != nil {
		shell = "/bin/sh" // /bin/bash is asked for often, and is not here
	}
	id, err := f.freeID()
	if err != nil {
		return fmt.Errorf("add user %s: %w", u.Name, err)
	}
	home := "/home/" + u.Name
	for path, line := range map[string]string{
		"etc/passwd": fmt.Sprintf("%s:x:%d:%d::%s:%s\n", u.Name, id, id, home, shell),
		"etc/group":  fmt.Sprintf("%s:x:%d:\n", u.Name, id),
		"etc/shadow": fmt.Sprintf("%s:!:20000:0:99999:7:::\n", u.Name),
	} {
		if err := appendFile(filepath.Join(f.root, path), line); err != nil {
			return fmt.Errorf("add user %s: %w", u.Name, err)
		}
	}
	if err := os.MkdirAll(filepath.Join(f.root, home), 0o755); err != nil {
		return fmt.Errorf("add user %s: %w", u.Name, err)
	}
	return os.Chown(filepath.Join(f.root, home), id, id)
}

// freeID gives the lowest free number for a user and a group.
func (f files) freeID() (int, error) {
	used := map[int]bool{}
	for _, path := range []string{"etc/passwd", "etc/group"} {
		raw, err := os.ReadFile(filepath.Join(f.root, path))
		if err != nil {
			return 0, err
		}
		for line := range strings.Lines(string(raw)) {
			if fields := strings.Split(line, ":"); len(fields) > 2 {
				if id, err := strconv.Atoi(fields[2]); err == nil {
					used[id] = true
				}
			}
		}
	}
	id := firstUID
	for used[id] {
		id++
	}
	return id, nil
}

func appendFile(path, text string) error {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if _, err := file.WriteString(text); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}
