// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
)

// userData is the part of cloud-config that this guest understands.
type userData struct {
	Hostname   string    `yaml:"hostname"`
	FQDN       string    `yaml:"fqdn"`
	Password   string    `yaml:"password"` // of the default users
	Chpasswd   chpasswd  `yaml:"chpasswd"`
	SSHKeys    []string  `yaml:"ssh_authorized_keys"`
	Users      []user    `yaml:"users"`
	WriteFiles []file    `yaml:"write_files"`
	Bootcmd    []command `yaml:"bootcmd"`
	Runcmd     []command `yaml:"runcmd"`

	script []byte // user data that is a script, not cloud-config
}

type chpasswd struct {
	Expire bool         `yaml:"expire"` // accepted, passwords never expire here
	List   lines        `yaml:"list"`   // NAME:PASSWORD each
	Users  []userSecret `yaml:"users"`
}

type userSecret struct {
	Name     string `yaml:"name"`
	Password string `yaml:"password"`
	Type     string `yaml:"type"` // "text", "hash"; anything else is taken for text
}

// user is an account; the word "default" in a list of users stands for the default users.
type user struct {
	Name      string   `yaml:"name"`
	Shell     string   `yaml:"shell"`
	Plain     string   `yaml:"plain_text_passwd"`
	Hashed    string   `yaml:"hashed_passwd"`
	Passwd    string   `yaml:"passwd"` // hashed
	SSHKeys   []string `yaml:"ssh_authorized_keys"`
	isDefault bool
}

type file struct {
	Path        string `yaml:"path"`
	Content     string `yaml:"content"`
	Encoding    string `yaml:"encoding"`
	Permissions string `yaml:"permissions"`
	Append      bool   `yaml:"append"`
}

// command is a shell line, or a list of arguments.
type command struct {
	shell string
	args  []string
}

// lines is a text of several lines or a list.
type lines []string

// parseUserData reads user data. Keys that are not known are left alone, as cloud-init does.
func parseUserData(raw []byte) (userData, error) {
	var data userData
	if bytes.HasPrefix(raw, []byte{0x1f, 0x8b}) {
		reader, err := gzip.NewReader(bytes.NewReader(raw))
		if err != nil {
			return data, fmt.Errorf("read user-data: %w", err)
		}
		if raw, err = io.ReadAll(reader); err != nil {
			return data, fmt.Errorf("read user-data: %w", err)
		}
	}
	switch {
	case len(bytes.TrimSpace(raw)) == 0:
		return data, nil
	case bytes.HasPrefix(raw, []byte("#!")):
		data.script = raw
		return data, nil
	case !bytes.HasPrefix(raw, []byte("#cloud-config")):
		return data, errors.New("read user-data: it begins neither with #cloud-config nor with #!; nothing is done with it")
	}
	// A value of the wrong kind costs only itself: the decoder goes on and reports it at the end.
	if err := yaml.Unmarshal(raw, &data); err != nil {
		return data, fmt.Errorf("read user-data: %w", err)
	}
	return data, nil
}

// UnmarshalYAML takes a text of several lines or a list of texts.
func (l *lines) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.SequenceNode {
		return node.Decode((*[]string)(l))
	}
	var text string
	if err := node.Decode(&text); err != nil {
		return err
	}
	for line := range bytes.Lines([]byte(text)) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			*l = append(*l, string(line))
		}
	}
	return nil
}

// UnmarshalYAML takes an account or a name alone.
func (u *user) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		if node.Value == "default" {
			u.isDefault = true
			return nil
		}
		u.Name = node.Value
		return nil
	}
	type plain user
	return node.Decode((*plain)(u))
}

// UnmarshalYAML takes a shell line or a list of arguments.
func (c *command) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.SequenceNode {
		return node.Decode(&c.args)
	}
	return node.Decode(&c.shell)
}
