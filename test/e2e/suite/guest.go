// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Password of root in the guests of this suite.
const Password = "virtplane"

// atPrompt matches the end of what a shell or a login shows while it waits. The shell may ask the terminal for the
// position of its cursor.
var atPrompt = regexp.MustCompile(`(?:(login): |root@[\w-]+:\S*# )(?:\x1b\[6n)?$`)

// nudgeAfter is how long a prompt may be hidden behind other output before Enter is pressed for a new one.
const nudgeAfter = 3 * time.Second

// Login waits for the guest's prompt and logs in, unless somebody has done so already.
func (c *Console) Login() {
	c.Helper()
	c.read = 0 // the prompt may be what was read last
	c.Expect("login: ", Boot)
	c.read = 0
	match := c.seek(atPrompt, nudgeAfter)
	for began := time.Now(); match == nil && time.Since(began) < Quick; {
		c.Type("\r")
		match = c.seek(atPrompt, nudgeAfter)
	}
	if match == nil {
		c.Fatalf("console: no prompt; the last output was %q; notices: %q", tail(c.Shown(), 2000), c.Notices())
	}
	if match[1] == "" {
		return
	}
	c.Type("root\r")
	c.Expect("[Pp]assword: ", Quick)
	c.Type(Password + "\r")
	c.Expect(`root@[\w-]+:\S*# `, Quick)
}

// Run runs a shell command in the guest, which must succeed, and returns what it prints. The guest's lines end as
// on a terminal, with a carriage return too; those are removed.
func (c *Console) Run(command string) string {
	c.Helper()
	output, code := c.Try(command)
	if code != 0 {
		c.Fatalf("guest: %s: exit code %d: %s", command, code, output)
	}
	return output
}

// Try is Run for commands that may fail; it returns the exit code.
func (c *Console) Try(command string) (string, int) {
	c.Helper()
	mark := time.Now().UnixNano()
	// What is typed comes back as an echo, in which the marks must not be found.
	c.Type(fmt.Sprintf("echo b'egin'-%d; %s; echo e'nd'-%d-$?\r", mark, command, mark))
	match := c.Expect(fmt.Sprintf(`(?s)begin-%d\r\n(.*?)end-%d-(\d+)\r\n`, mark, mark), time.Minute)
	code, err := strconv.Atoi(match[2])
	Need(c, err, "read exit code")
	return carriageReturn.ReplaceAllString(match[1], ""), code
}

var carriageReturn = regexp.MustCompile(`\r`)
