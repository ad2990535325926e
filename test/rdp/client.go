// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package rdp

import (
	"bytes"
	"os"
	"os/exec"
	"sync"
)

// programs are the names of the client in the versions 3 and 2 of FreeRDP.
var programs = []string{"xfreerdp3", "xfreerdp"}

// Client is FreeRDP with a session that covers the screen.
type Client struct {
	cmd  *exec.Cmd
	done chan struct{}

	mu     sync.Mutex
	output bytes.Buffer
}

// Connect logs in to a remote desktop; the client ends with the test. What the server's certificate says is not looked at:
// the way to it is what is tested.
func (s *Screen) Connect(address, user, password string) *Client {
	s.Helper()
	var program string
	for _, name := range programs {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		s.Fatalf("there is no %s; install the Debian package freerdp2-x11 or freerdp3-x11", programs[1])
	}
	c := &Client{done: make(chan struct{})}
	c.cmd = exec.Command(program, "/v:"+address, "/u:"+user, "/p:"+password, "/cert:ignore", "/sec:tls", "/bpp:32", "/size:100%", "/timeout:60000")
	// FreeRDP keeps a configuration in the home directory.
	c.cmd.Env = append(os.Environ(), "DISPLAY="+s.display, "HOME="+s.TempDir(), "LC_ALL=C.UTF-8")
	c.cmd.Stdout, c.cmd.Stderr = c, c
	if err := c.cmd.Start(); err != nil {
		s.Fatalf("start FreeRDP: %v", err)
	}
	go func() {
		_ = c.cmd.Wait()
		close(c.done)
	}()
	s.Cleanup(func() {
		_ = c.cmd.Process.Kill()
		<-c.done
		if s.Failed() {
			s.Logf("FreeRDP says:\n%s", c.Output())
		}
	})
	s.client = c
	return c
}

// Write takes what the client says.
func (c *Client) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.output.Write(p)
}

// Output is all that the client has said.
func (c *Client) Output() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.output.String()
}

// Ended tells whether the session is over.
func (c *Client) Ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}
