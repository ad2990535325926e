// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"compress/gzip"
	"reflect"
	"strings"
	"testing"
)

func TestUserDataOfEveryShape(t *testing.T) {
	for _, test := range []struct {
		name, raw string
		want      userData
		err       string
	}{
		{name: "none"},
		{name: "the usual", raw: `#cloud-config
hostname: demo
password: secret
chpasswd: { expire: False }
ssh_pwauth: True
ssh_authorized_keys:
- ssh-ed25519 AAAA one
`, want: userData{Hostname: "demo", Password: "secret", SSHKeys: []string{"ssh-ed25519 AAAA one"}}},
		{name: "password list as text", raw: "#cloud-config\nchpasswd:\n  list: |\n    root:a:b\n    debian:c\n",
			want: userData{Chpasswd: chpasswd{List: lines{"root:a:b", "debian:c"}}}},
		{name: "password list as list", raw: "#cloud-config\nchpasswd: {list: ['root:a', 'debian:c'], expire: true}\n",
			want: userData{Chpasswd: chpasswd{List: lines{"root:a", "debian:c"}, Expire: true}}},
		{name: "password users", raw: "#cloud-config\nchpasswd:\n  users:\n  - {name: root, password: x, type: text}\n",
			want: userData{Chpasswd: chpasswd{Users: []userSecret{{"root", "x", "text"}}}}},
		{name: "users", raw: "#cloud-config\nusers:\n- default\n- bob\n- name: alice\n  plain_text_passwd: w\n",
			want: userData{Users: []user{{isDefault: true}, {Name: "bob"}, {Name: "alice", Plain: "w"}}}},
		{name: "commands", raw: "#cloud-config\nruncmd:\n- echo a | cat\n- [echo, \"it's\"]\n",
			want: userData{Runcmd: []command{{shell: "echo a | cat"}, {args: []string{"echo", "it's"}}}}},
		{name: "numbers where texts are meant", raw: "#cloud-config\npassword: 1234\nhostname: 42\n", want: userData{Password: "1234", Hostname: "42"}},
		{name: "one key of a wrong kind", raw: "#cloud-config\nhostname: demo\nssh_authorized_keys: {a: b}\npassword: x\n",
			want: userData{Hostname: "demo", Password: "x"}, err: "line 3"},
		{name: "script", raw: "#!/bin/sh\necho\n", want: userData{script: []byte("#!/bin/sh\necho\n")}},
		{name: "something else", raw: "Content-Type: multipart/mixed\n", err: "neither with #cloud-config nor with #!"},
		{name: "not YAML", raw: "#cloud-config\n\t: [", err: "read user-data: yaml"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := parseUserData([]byte(test.raw))
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("error %v, want %q", err, test.err)
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v\nwant %+v", got, test.want)
			}
		})
	}
}

func TestUserDataMayBePacked(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write([]byte("#cloud-config\nhostname: packed\n")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := parseUserData(packed.Bytes()); err != nil || got.Hostname != "packed" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestScriptRunsCommandsAsTheyWereMeant(t *testing.T) {
	data, err := parseUserData([]byte("#cloud-config\nruncmd:\n- echo a | cat\n- [echo, \"it's $HOME\"]\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := "#!/bin/sh\necho a | cat\n'echo' 'it'\\''s $HOME'\n"
	if got := script(data); got != want {
		t.Errorf("script %q, want %q", got, want)
	}
	if got := script(userData{}); got != "" {
		t.Errorf("script %q for no commands", got)
	}
}
