// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
)

// errNoDesktop is the answer where a browser would have no screen to show itself on.
var errNoDesktop = errors.New("there is no desktop here")

// openBrowser shows link in the user's browser.
func openBrowser(link string) error {
	command, err := opener(runtime.GOOS, os.Getenv)
	if err != nil {
		return err
	}
	cmd := exec.Command(command[0], append(command[1:], link)...)
	if err := cmd.Start(); err != nil {
		return err
	}
	// It may stay as long as the browser does; nobody waits for more than its end.
	go func() { _ = cmd.Wait() }()
	return nil
}

// opener returns the command that opens links on an operating system.
func opener(system string, env func(string) string) ([]string, error) {
	switch system {
	case "darwin":
		return []string{"open"}, nil
	case "windows":
		return []string{"rundll32", "url.dll,FileProtocolHandler"}, nil
	}
	if env("DISPLAY") == "" && env("WAYLAND_DISPLAY") == "" && env("BROWSER") == "" {
		// xdg-open would start a browser of text in this terminal.
		return nil, errNoDesktop
	}
	return []string{"xdg-open"}, nil
}
