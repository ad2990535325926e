// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestQueries(t *testing.T) {
	f := honest()
	follow(t, f, func(t *testing.T, a *Agent, _ *int) {
		if _, err := a.Info(t.Context()); !errors.Is(err, ErrNotConnected) {
			t.Errorf("without an agent: %v", err)
		}
		connect(a)
		for what, ask := range map[string]func() (any, error){
			`{"guestAgentVersion":"10.0.2","supportedCommands":[{"name":"guest-ping","enabled":true},{"name":"guest-exec"}],"hostname":"demo",` +
				`"os":{"name":"Debian GNU/Linux","kernelRelease":"6.12.1","version":"13 (trixie)","prettyName":"Debian GNU/Linux 13 (trixie)",` +
				`"versionId":"13","kernelVersion":"#1 SMP","machine":"x86_64","id":"debian"},"timezone":"CET, 3600",` +
				`"userList":[{"userName":"debian","loginTime":1764000000.25}],"fsInfo":{"disks":[{"diskName":"vda1","mountPoint":"/",` +
				`"fileSystemType":"ext4","usedBytes":1073741824,"totalBytes":2147483648,"disk":[{"serial":"S1","busType":"virtio"}]}]},"fsFreezeStatus":"thawed"}`: func() (any, error) { return a.Info(t.Context()) },
			`{"metadata":{},"items":[{"userName":"debian","loginTime":1764000000.25}]}`: func() (any, error) { return a.Users(t.Context()) },
			`{"metadata":{},"items":[{"diskName":"vda1","mountPoint":"/","fileSystemType":"ext4","usedBytes":1073741824,` +
				`"totalBytes":2147483648,"disk":[{"serial":"S1","busType":"virtio"}]}]}`: func() (any, error) { return a.Filesystems(t.Context()) },
		} {
			answer, err := ask()
			raw, _ := json.Marshal(answer)
			if err != nil || string(raw) != what {
				t.Errorf("got  %s, %v\nwant %s", raw, err, what)
			}
		}
		delete(f.replies, "guest-get-host-name")
		if info, err := a.Info(t.Context()); err != nil || info.Hostname != "" || info.OS.ID != "debian" {
			t.Errorf("an agent that does not tell everything: %+v, %v", info, err)
		}
		a.Observe(true, false)
		if _, err := a.Users(t.Context()); !errors.Is(err, ErrPaused) {
			t.Errorf("paused: %v", err)
		}
	})
}

// A guest where nobody is logged in has an empty list, not none.
func TestNobodyIsAnEmptyList(t *testing.T) {
	f := honest()
	f.set("guest-get-users", `{"return":[]}`)
	follow(t, f, func(t *testing.T, a *Agent, _ *int) {
		connect(a)
		users, err := a.Users(t.Context())
		if raw, _ := json.Marshal(users); err != nil || string(raw) != `{"metadata":{},"items":[]}` {
			t.Errorf("got %s, %v", raw, err)
		}
	})
}

func TestCommandsInTheGuest(t *testing.T) {
	for name, tc := range map[string]struct {
		exec, status, later string
		code                int
		output, err         string
	}{
		"succeeds":       {exec: `{"return":{"pid":7}}`, status: `{"return":{"exited":true,"exitcode":0,"out-data":"b2sK"}}`, output: "ok\n"},
		"fails":          {exec: `{"return":{"pid":7}}`, status: `{"return":{"exited":true,"exitcode":3,"err-data":"bm8bWzMxbQ=="}}`, code: 3, output: "no [31m"},
		"takes its time": {exec: `{"return":{"pid":7}}`, status: `{"return":{"exited":false}}`, later: `{"return":{"exited":true,"exitcode":1}}`, code: 1},
		"takes too long": {exec: `{"return":{"pid":7}}`, status: `{"return":{"exited":false}}`, err: "the command in the guest did not end in time"},
		"is ended":       {exec: `{"return":{"pid":7}}`, status: `{"return":{"exited":true,"signal":9}}`, err: "the command in the guest was ended by signal 9"},
		"answers nonsense": {exec: `{"return":{"pid":"x"}}`, err: "the guest agent's answer to guest-exec cannot be read: " +
			"json: cannot unmarshal string into Go struct field .pid of type int64"},
	} {
		t.Run(name, func(t *testing.T) {
			f := honest()
			f.set("guest-exec", tc.exec)
			f.set("guest-exec-status", tc.status)
			follow(t, f, func(t *testing.T, a *Agent, _ *int) {
				connect(a)
				if tc.later != "" {
					time.AfterFunc(2*time.Second, func() { f.set("guest-exec-status", tc.later) })
				}
				code, output, err := a.execWithin(t, 5*time.Second)
				if code != tc.code || output != tc.output || (err == nil) != (tc.err == "") || err != nil && err.Error() != tc.err {
					t.Errorf("got %d %q %v", code, output, err)
				}
				synctest.Wait()
			})
		})
	}
}
