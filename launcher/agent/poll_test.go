// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestAnAgentIsToldOfTogetherWithWhatItSays(t *testing.T) {
	follow(t, honest(), func(t *testing.T, a *Agent, _ *int) {
		if connected, status := a.Status(); connected || status != nil {
			t.Error("there is an agent before the guest runs")
		}
		connect(a)
		connected, status := a.Status()
		if !connected || status == nil {
			t.Fatal("the agent is not seen")
		}
		if status.OS.PrettyName != "Debian GNU/Linux 13 (trixie)" || status.OS.ID != "debian" || status.Frozen {
			t.Errorf("status %+v", status)
		}
		if len(status.Interfaces) != 2 || status.Interfaces[0].Name != "enp1s0" || status.Interfaces[1].Name != "docker0" ||
			len(status.Interfaces[0].IPs) != 2 || status.Interfaces[0].IPs[0] != "10.0.2.2" {
			t.Errorf("interfaces %+v; the machine's own come first, and IPv4 before IPv6", status.Interfaces)
		}
		if len(status.Missing) != len(needed)-1 {
			t.Errorf("missing %v", status.Missing)
		}
		a.Observe(false, true)
		if connected, status := a.Status(); connected || status != nil || a.Answers() {
			t.Error("the agent is there after it has gone")
		}
	})
}

func TestAnAgentIsAskedAtASanePace(t *testing.T) {
	f := honest()
	follow(t, f, func(t *testing.T, a *Agent, changes *int) {
		connect(a)
		pass(10 * time.Minute)
		synctest.Wait()
		for command, most := range map[string]int{"guest-network-get-interfaces": 62, "guest-fsfreeze-status": 22, "guest-get-osinfo": 4, "guest-get-users": 0} {
			if n := f.count(command); n > most || most > 0 && n < most/2 {
				t.Errorf("%s: %d times in 10 minutes, want about %d", command, n, most)
			}
		}
		before := f.count("guest-network-get-interfaces")
		a.Observe(true, false)
		pass(10 * time.Minute)
		synctest.Wait()
		if n := f.count("guest-network-get-interfaces"); n > before+1 {
			t.Errorf("a paused guest is asked %d times", n-before)
		}
		if connected, status := a.Status(); !connected || status == nil || a.Answers() {
			t.Error("a paused guest keeps its agent and what that said, and cannot be relied on")
		}
	})
}

func TestASilentAgentIsAskedSeldom(t *testing.T) {
	f := honest()
	follow(t, f, func(t *testing.T, a *Agent, _ *int) {
		f.silence()
		connect(a)
		pass(30 * time.Second)
		synctest.Wait()
		if connected, status := a.Status(); !connected || status != nil || a.Answers() {
			t.Errorf("connected %v, %+v; an agent that is silent is connected and says nothing", connected, status)
		}
		before, _ := f.total()
		pass(10 * time.Minute)
		synctest.Wait()
		if after, _ := f.total(); after-before > 11 {
			t.Errorf("%d commands in 10 minutes", after-before)
		}
	})
}

// A guest may open and close the channel as fast as it likes.
func TestAChannelThatFlapsCausesLittle(t *testing.T) {
	f := honest()
	follow(t, f, func(t *testing.T, a *Agent, changes *int) {
		for i := range 10000 {
			a.Observe(i%2 == 0, true)
			pass(time.Millisecond)
		}
		synctest.Wait()
		if commands, _ := f.total(); commands > 100 || *changes > 30 {
			t.Errorf("%d commands and %d changes in 10 seconds", commands, *changes)
		}
	})
}

// What an agent said stays with its connection.
func TestARebootedGuestIsAskedAnew(t *testing.T) {
	f := honest()
	follow(t, f, func(t *testing.T, a *Agent, _ *int) {
		connect(a)
		a.Observe(false, true)
		pass(time.Minute)
		f.set("guest-get-osinfo", `{"return":{"id":"fedora"}}`)
		connect(a)
		if _, status := a.Status(); status == nil || status.OS.ID != "fedora" || status.OS.Name != "" {
			t.Errorf("got %+v", status)
		}
	})
}

func TestStatusThatWasPassedOnDoesNotChange(t *testing.T) {
	f := honest()
	follow(t, f, func(t *testing.T, a *Agent, _ *int) {
		connect(a)
		_, first := a.Status()
		before := *first
		f.set("guest-network-get-interfaces", `{"return":[]}`)
		pass(time.Minute)
		synctest.Wait()
		_, second := a.Status()
		if len(second.Interfaces) != 0 || len(first.Interfaces) != len(before.Interfaces) {
			t.Errorf("first %+v, second %+v", first, second)
		}
		if second.OS != first.OS {
			t.Error("the operating system is forgotten")
		}
	})
}
