// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/virtplane/virtplane/test/e2e/suite"
)

// TestConsole works at the serial console of one guest.
func TestConsole(t *testing.T) {
	t.Parallel()
	n := cluster.NewNamespace(t)
	n.Create("demo")
	t.Run("login", func(t *testing.T) { testLogin(n.In(t)) })
	t.Run("two viewers", func(t *testing.T) { testTwoViewers(n.In(t)) })
	t.Run("right", func(t *testing.T) { testRight(n.In(t)) })
	t.Run("nobody", func(t *testing.T) {
		n.In(t).VirtctlRefused("not found", "console", "nobody")
	})
}

// testLogin opens the console before the guest runs, as a user would right after apply.
func testLogin(n *suite.Namespace) {
	began := time.Now()
	c := n.Console("demo")
	c.Expect("demo login: ", suite.Boot)
	suite.Measured(n, "virtctl console, opened at creation, to the login prompt", time.Since(began))
	c.Login()
	if got := c.Run("hostname; whoami; tty"); got != "demo\nroot\n/dev/ttyS0\n" {
		n.Errorf("in the guest: hostname; whoami; tty prints %q", got)
	}
	if _, code := c.Try("ls /nowhere"); code == 0 {
		n.Error("in the guest: ls /nowhere succeeds")
	}
	c.Run("echo kept > /root/note")
	if code, took := c.Leave(); code != 0 || took > 3*time.Second {
		n.Errorf("Ctrl-] leaves with exit code %d after %s", code, took)
	}
	if !strings.Contains(c.Notices(), "Press Ctrl-] to leave") {
		n.Errorf("virtctl tells %q, not how to leave", c.Notices())
	}

	// Who comes back finds the session as it was, and what was on the screen.
	c = n.Console("demo")
	c.Login()
	if got := c.Run("cat /root/note"); got != "kept\n" {
		n.Errorf("in the guest: the file holds %q", got)
	}
	c.Leave()
}

// testTwoViewers opens two consoles of one guest.
func testTwoViewers(n *suite.Namespace) {
	first, second := n.Console("demo"), n.Console("demo")
	first.Login()
	second.Login()
	first.Run("echo viewer-begin; i=0; while [ $i -lt 200 ]; do echo line $i of some length to fill the screen; i=$((i+1)); done; echo viewer-end")
	shown := first.Shown()
	from, to := strings.LastIndex(shown, "\r\nviewer-begin\r\n"), strings.LastIndex(shown, "\r\nviewer-end\r\n")
	if from < 0 || to < from {
		n.Fatalf("no marks in %q", shown)
	}
	second.Expect("\r\nviewer-end\r\n", suite.Quick)
	if text := shown[from:to]; !strings.Contains(second.Shown(), text) || !strings.Contains(text, "line 199 of") {
		n.Errorf("the first viewer sees %q, the second %q", text, second.Shown())
	}
	// Either may type.
	if got := second.Run("echo by the second"); got != "by the second\n" {
		n.Errorf("the second viewer reads %q", got)
	}
	first.Expect("by the second\r\n", suite.Quick)
	if code, _ := first.Leave(); code != 0 {
		n.Errorf("the first viewer leaves with exit code %d", code)
	}
	if got := second.Run("echo alone"); got != "alone\n" {
		n.Errorf("after the first viewer has left, the second reads %q", got)
	}
	second.Leave()
}
