// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// fake is a guest's agent, with as much of libvirt before it as matters.
type fake struct {
	mu sync.Mutex
	// replies are what it says to each command; it does not know others.
	replies map[string]func() (string, error)
	calls   []string
	// inFlight and most count the commands that are on their way at once.
	inFlight, most int
}

func (f *fake) AgentCommand(command string, timeout time.Duration) (string, error) {
	var c struct{ Execute string }
	if err := json.Unmarshal([]byte(command), &c); err != nil {
		return "", err
	}
	f.mu.Lock()
	reply := f.replies[c.Execute]
	f.calls = append(f.calls, c.Execute)
	f.inFlight++
	f.most = max(f.most, f.inFlight)
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		f.inFlight--
		f.mu.Unlock()
	}()
	if reply == nil {
		return "", fmt.Errorf("unable to execute QEMU agent command '%s': The command %s has not been found", c.Execute, c.Execute)
	}
	answer, err := reply()
	if answer == hang {
		pass(timeout)
		return "", ErrSilent
	}
	return answer, err
}

// pass lets time go by in the bubble of follow, whose clock jumps: no test waits for it.
func pass(d time.Duration) { time.Sleep(d) }

// hang is the reply of an agent that does not answer.
const hang = "hang"

// set changes what the agent says to a command.
func (f *fake) set(command, reply string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.replies[command] = func() (string, error) { return reply, nil }
}

// silence lets the agent answer nothing any more.
func (f *fake) silence() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for command := range f.replies {
		f.replies[command] = func() (string, error) { return hang, nil }
	}
}

// count returns how often a command was sent.
func (f *fake) count(command string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, c := range f.calls {
		if c == command {
			n++
		}
	}
	return n
}

// total returns how many commands were sent, and how many of them at once.
func (f *fake) total() (commands, most int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.calls), f.most
}

// history returns the commands about file systems and power, in their order.
func (f *fake) history() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	calls := slices.DeleteFunc(slices.Clone(f.calls), func(c string) bool {
		return !strings.HasPrefix(c, "guest-fsfreeze-") && c != "guest-shutdown" && c != "guest-ping"
	})
	return strings.ReplaceAll(strings.Join(calls, " "), "guest-", "")
}

const interfacesReply = `{"return":[
 {"name":"lo","ip-addresses":[{"ip-address-type":"ipv4","ip-address":"127.0.0.1","prefix":8}],"hardware-address":"00:00:00:00:00:00"},
 {"name":"docker0","ip-addresses":[{"ip-address-type":"ipv4","ip-address":"172.17.0.1","prefix":16}],"hardware-address":"02:42:00:00:00:01"},
 {"name":"enp1s0","ip-addresses":[{"ip-address-type":"ipv6","ip-address":"fe80::ff:fe00:1","prefix":64},{"ip-address-type":"ipv4","ip-address":"10.0.2.2","prefix":24}],
  "statistics":{"tx-packets":1},"hardware-address":"02:00:00:00:00:01"},
 {"name":"sit0"}]}`

// honest is an agent as qemu-ga is one; its file systems freeze and thaw.
func honest() *fake {
	f := &fake{replies: map[string]func() (string, error){}}
	for command, reply := range map[string]string{
		"guest-ping": `{"return":{}}`, "guest-network-get-interfaces": interfacesReply,
		"guest-get-osinfo": `{"return":{"name":"Debian GNU/Linux","kernel-release":"6.12.1","version":"13 (trixie)","pretty-name":"Debian GNU/Linux 13 (trixie)",
			"version-id":"13","kernel-version":"#1 SMP","machine":"x86_64","id":"debian"}}`,
		"guest-info":          `{"return":{"version":"10.0.2","supported_commands":[{"name":"guest-ping","enabled":true,"success-response":true},{"name":"guest-exec","enabled":false}]}}`,
		"guest-get-host-name": `{"return":{"host-name":"demo"}}`,
		"guest-get-timezone":  `{"return":{"zone":"CET","offset":3600}}`,
		"guest-get-users":     `{"return":[{"login-time":1764000000.25,"user":"debian"}]}`,
		"guest-get-fsinfo": `{"return":[{"name":"vda1","mountpoint":"/","type":"ext4","used-bytes":1073741824,"total-bytes":2147483648,
			"disk":[{"serial":"S1","bus-type":"virtio","bus":0,"unit":0,"pci-controller":{"bus":1}}]}]}`,
	} {
		f.set(command, reply)
	}
	frozen := false
	f.replies["guest-fsfreeze-status"] = func() (string, error) {
		if frozen {
			return `{"return":"frozen"}`, nil
		}
		return `{"return":"thawed"}`, nil
	}
	f.replies["guest-fsfreeze-freeze"] = func() (string, error) { frozen = true; return `{"return":1}`, nil }
	f.replies["guest-fsfreeze-thaw"] = func() (string, error) { frozen = false; return `{"return":1}`, nil }
	return f
}

// follow lets an Agent with f behind it run until the test ends, in its own time. changes counts what it tells.
func follow(t *testing.T, f *fake, test func(t *testing.T, a *Agent, changes *int)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		changes := 0
		var mu sync.Mutex
		a := New(f, []string{"02:00:00:00:00:01"}, func() {
			mu.Lock()
			changes++
			mu.Unlock()
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); a.Run(ctx) }()
		test(t, a, &changes)
		cancel()
		<-done
	})
}

// connect has libvirt say that the guest runs and its agent listens, and lets that be seen.
func connect(a *Agent) {
	a.Observe(true, true)
	pass(2 * pollPause)
	synctest.Wait()
}

// execWithin runs a command in the guest.
func (a *Agent) execWithin(t *testing.T, limit time.Duration) (int, string, error) {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	return a.Exec(ctx, []string{"/bin/check", "--quick"})
}
