// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// defaultUsers get the password and the keys that user data gives without a name.
var defaultUsers = []string{"root", "debian"}

// files says where the account files are and how passwords are hashed, so that tests can have
// their own.
type files struct {
	root  string
	crypt func(password string) (string, error)
}

var systemFiles = files{root: "/", crypt: busyboxCrypt}

// accounts makes users and sets passwords and SSH keys. It goes on after an error. A default user
// for whom there is no password gets a locked one: the image lets root log in on the console
// without a password, which is meant for a guest that nobody configured.
func (f files) accounts(data userData, metaKeys []string) []error {
	var errs []error
	try := func(err error) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	set := func(name, password string, hashed bool) {
		if name != "" && password != "" {
			try(f.setPassword(name, password, hashed))
		}
	}
	for _, u := range data.Users {
		if u.isDefault || u.Name == "" {
			continue
		}
		if err := f.addUser(u); err != nil {
			try(err)
			continue
		}
		set(u.Name, u.Plain, false)
		set(u.Name, firstNonEmpty(u.Hashed, u.Passwd), true)
		try(f.addKeys(u.Name, u.SSHKeys))
	}
	// Hashed once for all default users: under emulation it takes a tenth of a second.
	password := firstNonEmpty(data.Password, "!")
	if data.Password != "" && !isHash(password) {
		hash, err := f.crypt(password)
		try(err)
		password = firstNonEmpty(hash, "!")
	}
	for _, name := range defaultUsers {
		set(name, password, true)
		try(f.addKeys(name, append(slices.Clone(metaKeys), data.SSHKeys...)))
	}
	for _, line := range data.Chpasswd.List {
		name, password, _ := strings.Cut(line, ":")
		set(name, password, isHash(password))
	}
	for _, secret := range data.Chpasswd.Users {
		set(secret.Name, secret.Password, secret.Type == "hash" || secret.Type == "" && isHash(secret.Password))
	}
	return errs
}

// setPassword sets a password that is given plainly or as a hash; the hash "!" locks the account.
func (f files) setPassword(name, password string, hashed bool) error {
	if !hashed {
		var err error
		if password, err = f.crypt(password); err != nil {
			return fmt.Errorf("set password of %s: %w", name, err)
		}
	}
	return f.setHash(name, password)
}

// isHash tells a crypt(3) hash from a password, by the rule of cloud-init.
func isHash(password string) bool {
	for _, prefix := range []string{"$1$", "$2a$", "$2y$", "$5$", "$6$", "$y$"} {
		if strings.HasPrefix(password, prefix) && strings.Count(password, "$") >= 3 {
			return true
		}
	}
	return false
}

// account looks a user up in passwd.
func (f files) account(name string) (uid, gid int, home string, err error) {
	raw, err := os.ReadFile(filepath.Join(f.root, "etc/passwd"))
	if err != nil {
		return 0, 0, "", fmt.Errorf("look up user %s: %w", name, err)
	}
	for line := range strings.Lines(string(raw)) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) != 7 || fields[0] != name {
			continue
		}
		uid, uidErr := strconv.Atoi(fields[2])
		gid, gidErr := strconv.Atoi(fields[3])
		if uidErr != nil || gidErr != nil {
			return 0, 0, "", fmt.Errorf("look up user %s: its line in passwd has no numbers", name)
		}
		return uid, gid, fields[5], nil
	}
	return 0, 0, "", fmt.Errorf("look up user %s: no such user", name)
}

// addKeys adds to a user's authorized keys those that are not in it yet.
func (f files) addKeys(name string, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	uid, gid, home, err := f.account(name)
	if err != nil {
		return err
	}
	dir := filepath.Join(f.root, home, ".ssh")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("add SSH keys of %s: %w", name, err)
	}
	path := filepath.Join(dir, "authorized_keys")
	have, _ := os.ReadFile(path) // absent at first
	known := strings.Split(string(have), "\n")
	for _, key := range keys {
		if key = strings.TrimSpace(key); key != "" && !slices.Contains(known, key) {
			have = append(have, key+"\n"...)
			known = append(known, key)
		}
	}
	if err := os.WriteFile(path, have, 0o600); err != nil {
		return fmt.Errorf("add SSH keys of %s: %w", name, err)
	}
	for _, owned := range []string{dir, path} {
		if err := os.Chown(owned, uid, gid); err != nil {
			return fmt.Errorf("add SSH keys of %s: %w", name, err)
		}
	}
	return nil
}
