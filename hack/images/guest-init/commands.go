// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// runAll runs commands one after the other; one that fails does not stop the rest.
func runAll(commands []command) {
	for _, c := range commands {
		cmd := exec.Command("/bin/sh", "-c", c.line())
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Run(); err != nil {
			report(fmt.Errorf("run %q: %w", c.line(), err))
		}
	}
}

// line gives the command as a line for the shell.
func (c command) line() string {
	if c.args == nil {
		return c.shell
	}
	quoted := make([]string, len(c.args))
	for i, arg := range c.args {
		quoted[i] = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
	}
	return strings.Join(quoted, " ")
}

// script gives what is to be run once the guest is up: the user data's own script or its runcmd.
func script(data userData) string {
	if data.script != nil {
		return string(data.script)
	}
	text := ""
	for _, c := range data.Runcmd {
		text += c.line() + "\n"
	}
	if text != "" {
		text = "#!/bin/sh\n" + text
	}
	return text
}

// final runs that script, when there is one, and keeps its output.
func final() error {
	path := runDir + "/runcmd"
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		return nil
	}
	log, err := os.OpenFile("/var/log/cloud-init-output.log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(path)
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("run the commands of the user data: %w (their output is in %s)", err, log.Name())
	}
	return nil
}

// writeFiles writes the files that user data asks for.
func writeFiles(list []file) []error {
	var errs []error
	for _, f := range list {
		if err := f.write(); err != nil {
			errs = append(errs, fmt.Errorf("write file %s: %w", f.Path, err))
		}
	}
	return errs
}

func (f file) write() error {
	content := []byte(f.Content)
	switch f.Encoding {
	case "", "text/plain":
	case "b64", "base64":
		var err error
		if content, err = base64.StdEncoding.DecodeString(strings.Join(strings.Fields(f.Content), "")); err != nil {
			return err
		}
	default:
		return fmt.Errorf("encoding %q is not supported; use text/plain or b64", f.Encoding)
	}
	mode := uint64(0o644)
	if f.Permissions != "" {
		var err error
		if mode, err = strconv.ParseUint(f.Permissions, 8, 12); err != nil {
			return fmt.Errorf("permissions: %w", err)
		}
	}
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o755); err != nil {
		return err
	}
	flags := os.O_CREATE | os.O_WRONLY | os.O_TRUNC
	if f.Append {
		flags = os.O_CREATE | os.O_WRONLY | os.O_APPEND
	}
	out, err := os.OpenFile(f.Path, flags, os.FileMode(mode))
	if err != nil {
		return err
	}
	if _, err := out.Write(content); err != nil {
		out.Close()
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	return os.Chmod(f.Path, os.FileMode(mode))
}
