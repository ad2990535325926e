// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package rdp

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Call is how a client is started.
type Call struct {
	Path string
	Args []string
	// free is set for FreeRDP, whose exit code tells why a desktop was left.
	free bool
}

// maxLeft is the highest exit code of FreeRDP that means no failure: the user or the server has ended the connection.
const maxLeft = 12

// Ended tells whether a client that ends with code has shown the desktop until it was left.
func (c Call) Ended(code int) bool { return code == 0 || c.free && code > 0 && code <= maxLeft }

// MissingError tells that no client is installed.
type MissingError struct{ OS string }

// Error says what to install.
func (e *MissingError) Error() string {
	what := "no client of the Remote Desktop Protocol is installed"
	switch e.OS {
	case "linux":
		return what + "; install FreeRDP (package freerdp3-x11, freerdp3-wayland or freerdp)"
	case "darwin":
		return what + "; install the Windows App or FreeRDP (brew install freerdp)"
	}
	return what + "; install FreeRDP"
}

// clients are the programs that are looked for, by operating system, in the order of preference.
var clients = map[string][]string{
	"windows": {"mstsc"},
	"darwin":  {"open"},
	"":        {"xfreerdp3", "xfreerdp", "wlfreerdp3", "wlfreerdp", "sdl-freerdp3", "sdl-freerdp", "remmina"},
}

// Find returns how to show a desktop with the program client, or with one that is installed where client is empty. Some
// programs read the connection from file; more are arguments of the user's own.
func Find(os, client string, lookPath func(string) (string, error), d Desktop, file string, more []string) (Call, error) {
	names := clients[os]
	if names == nil {
		names = clients[""]
	}
	if client != "" {
		names = []string{client}
	}
	for _, name := range names {
		path, err := lookPath(name)
		if err == nil {
			return Call{path, append(arguments(os, path, d, file), more...), isFree(path)}, nil
		}
		if client != "" {
			return Call{}, fmt.Errorf("find client: %w", err)
		}
	}
	return Call{}, &MissingError{OS: os}
}

// arguments returns how the program at path is called.
func arguments(os, path string, d Desktop, file string) []string {
	switch name := base(path); {
	case isFree(path):
		return freeRDP(d)
	case name == "remmina":
		return []string{"--connect", file}
	case name == "open" && os == "darwin":
		// It waits until the program that it has opened is closed.
		return []string{"-W", file}
	}
	return []string{file}
}

// base is the name of a program, also of one of Windows.
func base(path string) string {
	return strings.TrimSuffix(strings.ToLower(filepath.Base(strings.ReplaceAll(path, `\`, "/"))), ".exe")
}

func isFree(path string) bool { return strings.Contains(base(path), "freerdp") }

func freeRDP(d Desktop) []string {
	args := []string{
		"/v:" + d.Address.String(),
		"/t:" + d.Name,
		// The server is reached under a local name, which no certificate can have. The way to it is the cluster's.
		"/cert:tofu",
		"+clipboard",
	}
	if d.User != "" {
		args = append(args, "/u:"+d.User)
	}
	if d.FullScreen {
		return append(args, "/f")
	}
	return append(args, "/dynamic-resolution")
}
