// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build libvirt_dlopen

package virt

import (
	"time"

	"libvirt.org/go/libvirt"
)

// syncSeconds is how long libvirt waits for the agent to say that it listens, before each command.
const syncSeconds = 3

// AgentCommand sends a command to the guest's agent as JSON and returns the whole answer as JSON, which
// is the guest's word: libvirt has only seen that it is JSON, of at most 4 MiB. Nobody else's call waits
// for the agent as long as there is only one of this at a time.
func (c *Client) AgentCommand(command string, timeout time.Duration) (string, error) {
	answer := ""
	err := c.withDomain(func(d *libvirt.Domain) error {
		// libvirt forgets it with each domain; it only notes the number.
		if err := d.AgentSetResponseTimeout(syncSeconds, 0); err != nil {
			return err
		}
		seconds := max((timeout+time.Second-1)/time.Second, 1)
		var err error
		answer, err = d.QemuAgentCommand(command, libvirt.DomainQemuAgentCommandTimeout(seconds), 0)
		return err
	})
	return answer, err
}
