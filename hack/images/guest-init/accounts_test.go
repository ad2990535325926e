// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// testFiles makes account files like those of the image. Hashes are made readable; owners are those
// of whoever runs the test, so that no root is needed.
func testFiles(t *testing.T) files {
	t.Helper()
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"passwd": "root:x:0:0::/root:/bin/sh\ndebian:x:1000:1000::/home/debian:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n",
		"group":  "root:x:0:\ndebian:x:1000:\nother:x:1001:\n",
		"shadow": "root::20000:0:99999:7:::\ndebian:!:20000:0:99999:7:::\n",
	} {
		if err := os.WriteFile(filepath.Join(root, "etc", name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return files{root: root, crypt: func(password string) (string, error) { return "$6$s$" + password, nil }}
}

func read(t *testing.T, elem ...string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(elem...))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// hash gives what shadow holds for a user.
func hash(t *testing.T, f files, name string) string {
	t.Helper()
	for line := range strings.Lines(read(t, f.root, "etc/shadow")) {
		if fields := strings.Split(line, ":"); fields[0] == name {
			return fields[1]
		}
	}
	t.Fatalf("no user %s in shadow", name)
	return ""
}

func apply(t *testing.T, f files, raw string, metaKeys ...string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can give files to other users")
	}
	data, err := parseUserData([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range f.accounts(data, metaKeys) {
		t.Error(err)
	}
}

func TestPasswordsGoToTheUsersTheyAreMeantFor(t *testing.T) {
	const given = "$6$salt$abc"
	for _, test := range []struct{ name, raw, root, debian string }{
		{"one for the default users", "password: a", "$6$s$a", "$6$s$a"},
		{"a hash for the default users", "password: " + given, given, given},
		{"none locks", "hostname: x", "!", "!"},
		{"list", "chpasswd: {list: ['root:a:b']}", "$6$s$a:b", "!"},
		{"list beats password", "password: a\nchpasswd: {list: ['root:b']}", "$6$s$b", "$6$s$a"},
		{"list with a hash", "chpasswd: {list: ['debian:" + given + "']}", "!", given},
		{"users", "chpasswd: {users: [{name: root, password: x, type: text}, {name: debian, password: '" + given + "', type: hash}]}", "$6$s$x", given},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := testFiles(t)
			if test.name == "list" {
				f.crypt = func(string) (string, error) { return "$6$s$ab", nil } // shadow cannot hold a colon
				test.root = "$6$s$ab"
			}
			apply(t, f, "#cloud-config\n"+test.raw+"\n")
			if got := hash(t, f, "root"); got != test.root {
				t.Errorf("root has %q, want %q", got, test.root)
			}
			if got := hash(t, f, "debian"); got != test.debian {
				t.Errorf("debian has %q, want %q", got, test.debian)
			}
			if got := read(t, f.root, "etc/shadow"); !strings.HasSuffix(got, ":20000:0:99999:7:::\n") || strings.Count(got, "\n") != 2 {
				t.Errorf("shadow is damaged: %q", got)
			}
		})
	}
}

func TestKeysAreAddedOnce(t *testing.T) {
	f := testFiles(t)
	for range 2 {
		apply(t, f, "#cloud-config\nssh_authorized_keys: [key-b]\n", "key-a")
	}
	for _, home := range []string{"root", "home/debian"} {
		if got := read(t, f.root, home, ".ssh/authorized_keys"); got != "key-a\nkey-b\n" {
			t.Errorf("%s has the keys %q", home, got)
		}
		info, err := os.Stat(filepath.Join(f.root, home, ".ssh/authorized_keys"))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", home, info.Mode(), err)
		}
	}
}

func TestUsersAreAdded(t *testing.T) {
	f := testFiles(t)
	for range 2 { // the second time nothing may change
		apply(t, f, `#cloud-config
users:
- default
- {name: alice, plain_text_passwd: a, ssh_authorized_keys: [key], shell: /bin/bash}
- {name: bob, hashed_passwd: $6$x$y}
`)
	}
	const want = "nobody:x:65534:65534::/:/bin/false\nalice:x:1002:1002::/home/alice:/bin/sh\nbob:x:1003:1003::/home/bob:/bin/sh\n"
	if got := read(t, f.root, "etc/passwd"); !strings.HasSuffix(got, want) {
		t.Errorf("passwd ends in %q, want %q", got, want)
	}
	if hash(t, f, "alice") != "$6$s$a" || hash(t, f, "bob") != "$6$x$y" {
		t.Errorf("shadow: %q", read(t, f.root, "etc/shadow"))
	}
	if got := read(t, f.root, "home/alice/.ssh/authorized_keys"); got != "key\n" {
		t.Errorf("alice has the keys %q", got)
	}
}

func TestWrongUsersDoNotStopTheRest(t *testing.T) {
	f := testFiles(t)
	data, err := parseUserData([]byte("#cloud-config\npassword: a\nusers: [{name: 'ev:il'}]\nchpasswd: {list: ['nosuch:x']}\n"))
	if err != nil {
		t.Fatal(err)
	}
	errs := f.accounts(data, nil)
	if len(errs) != 2 || !strings.Contains(errs[0].Error(), `"ev:il"`) || !strings.Contains(errs[1].Error(), "nosuch: no such user") {
		t.Errorf("errors %v", errs)
	}
	if got := hash(t, f, "root"); got != "$6$s$a" {
		t.Errorf("root has %q", got)
	}
	if strings.Contains(read(t, f.root, "etc/passwd"), "ev") {
		t.Error("a user with a colon in the name was added")
	}
}

func TestAHashCannotBreakShadow(t *testing.T) {
	f := testFiles(t)
	before := read(t, f.root, "etc/shadow")
	for _, bad := range []string{"a:b", "a\nroot2::"} {
		if err := f.setHash("root", bad); err == nil {
			t.Errorf("the hash %q was taken", bad)
		}
	}
	if after := read(t, f.root, "etc/shadow"); after != before {
		t.Errorf("shadow changed to %q", after)
	}
}
