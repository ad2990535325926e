// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/virtplane/virtplane/launcher/session"
)

// hostileReplies are answers that libvirt passes on: any JSON of at most 4 MiB.
func hostileReplies() map[string]string {
	const limit = 4 << 20
	fill := func(head, element, tail string) string {
		return head + strings.TrimSuffix(strings.Repeat(element+",", (limit-len(head)-len(tail))/(len(element)+1)), ",") + tail
	}
	small := func(head, element, tail string) string {
		text := fill(head, element, tail)
		n := (maxReply - len(tail)) / (len(element) + 1) * (len(element) + 1)
		return head + strings.TrimSuffix(text[len(head):n], ",") + tail
	}
	nic := `{"name":"a","hardware-address":"02:00:00:00:00:99","ip-addresses":[{"ip-address":"1.2.3.4"}]}`
	deep := maxReply/2 - 100
	return map[string]string{
		"a million elements":                 fill(`{"return":[`, "{}", "]}"),
		"as many NICs as are decoded":        small(`{"return":[`, nic, "]}"),
		"as many empty elements":             small(`{"return":[`, "{}", "]}"),
		"many addresses of one NIC":          small(`{"return":[{"name":"a","hardware-address":"02:00:00:00:00:01","ip-addresses":[`, `{"ip-address":"::1"}`, "]}]}"),
		"one huge text":                      `{"return":[{"name":"` + strings.Repeat("x", maxReply-1000) + `","hardware-address":"02:00:00:00:00:01"}]}`,
		"deep nesting":                       `{"return":` + strings.Repeat("[", deep) + strings.Repeat("]", deep) + "}",
		"deep nesting where nobody looks":    `{"return":[{"name":"a","x":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + "}]}",
		"no UTF-8":                           "{\"return\":[{\"name\":\"\xff\xfe\xc0\",\"hardware-address\":\"02:00:00:00:00:01\"}]}",
		"half a character":                   `{"return":[{"name":"\ud800","hardware-address":"02:00:00:00:00:01"}]}`,
		"a text instead of a list":           `{"return":"frozen"}`,
		"a number instead of a list":         `{"return":1e308}`,
		"a list of numbers":                  `{"return":[1,2,3]}`,
		"a number that is none":              `{"return":[{"used-bytes":1e400,"login-time":1e400,"pid":99999999999999999999}]}`,
		"negative numbers":                   `{"return":[{"used-bytes":-5,"login-time":-5}]}`,
		"nothing":                            "",
		"half an answer":                     `{"return":[{"name":"a"`,
		"two answers":                        `{"return":[]}{"return":[]}`,
		"null":                               `{"return":null}`,
		"nulls":                              `{"return":[null,{"ip-addresses":null,"name":null}]}`,
		"an answer to another question":      `{"event":"POWERDOWN"}`,
		"the same field many times":          small(`{"return":{"name":"x",`, `"name":"y"`, "}}"),
		"control characters":                 `{"return":[{"name":"\u001b[31m\u0000","hardware-address":"02:00:00:00:00:01","ip-addresses":[{"ip-address":"\u001b[2J"}]}]}`,
		"an error of libvirt's size in text": `{"return":{"version":"` + strings.Repeat("\\u202e", 1000) + `"}}`,
	}
}

// TestWhateverAnAgentSaysIsBounded has an agent answer everything with each hostile text: what leaves the launcher
// fits into a frame, decoding takes little memory, and a pause or a freeze behind it is not kept from its turn.
func TestWhateverAnAgentSaysIsBounded(t *testing.T) {
	for name, reply := range hostileReplies() {
		t.Run(name, func(t *testing.T) {
			f := honest()
			for command := range f.replies {
				f.set(command, reply)
			}
			follow(t, f, func(t *testing.T, a *Agent, _ *int) {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				connect(a)
				_, status := a.Status()
				inFrame(t, "status", status)
				ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
				defer cancel()
				info, err := a.Info(ctx)
				inFrame(t, "guestosinfo", info)
				users, _ := a.Users(ctx)
				inFrame(t, "userlist", users)
				filesystems, _ := a.Filesystems(ctx)
				inFrame(t, "filesystemlist", filesystems)
				if err != nil && len(err.Error()) > 1000 {
					t.Errorf("an error of %d bytes", len(err.Error()))
				}
				if _, output, err := a.Exec(ctx, []string{"true"}); len(output) > 2*maxOutput || err != nil && len(err.Error()) > 1000 {
					t.Errorf("output of %d bytes, %v", len(output), err)
				}
				_ = a.Freeze(ctx, time.Minute)
				_ = a.Thaw(ctx)
				runtime.ReadMemStats(&after)
				// About 14 answers were read, of 1 MiB at most, each a few times over.
				if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 200 {
					t.Errorf("%d MiB were allocated", took)
				}
				answers, _ := f.total()
				t.Logf("%d KiB allocated for %d answers of %d KiB", (after.TotalAlloc-before.TotalAlloc)>>10, answers, len(reply)>>10)
			})
		})
	}
}

func inFrame(t *testing.T, what string, answer any) {
	t.Helper()
	raw, err := json.Marshal(answer)
	if err != nil || len(raw) > session.MaxFromLauncher-4<<10 {
		t.Errorf("%s: %d bytes, %v", what, len(raw), err)
	}
	if !utf8.Valid(raw) || strings.ContainsRune(string(raw), 0x1b) || strings.Contains(string(raw), `\u001b`) || strings.ContainsRune(string(raw), 0x202e) {
		t.Errorf("%s: contains what does not print: %.200q", what, raw)
	}
}

// TestAHungAgentHoldsUpNobody lets many ask an agent that does not answer.
func TestAHungAgentHoldsUpNobody(t *testing.T) {
	f := honest()
	follow(t, f, func(t *testing.T, a *Agent, _ *int) {
		connect(a)
		f.silence()
		done := make(chan error, 20)
		for range cap(done) {
			go func() {
				ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
				defer cancel()
				_, err := a.Users(ctx)
				done <- err
			}()
		}
		began := time.Now()
		busy := 0
		for range cap(done) {
			err := <-done
			if !errors.Is(err, ErrBusy) && !errors.Is(err, ErrSilent) {
				t.Errorf("got %v", err)
			}
			if errors.Is(err, ErrBusy) {
				busy++
			}
		}
		if took := time.Since(began); took > 9*time.Second || busy < 15 {
			t.Errorf("took %s, %d were told that it is busy", took, busy)
		}
		if _, most := f.total(); most != 1 {
			t.Errorf("%d commands were on their way at once", most)
		}
		pass(time.Minute)
		synctest.Wait()
	})
}
