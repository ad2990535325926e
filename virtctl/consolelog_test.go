// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

const (
	vmLog  = "GET " + vmPath + "log"
	vmiLog = "GET " + vmiPath + "log"
)

func TestConsoleLog(t *testing.T) {
	tell := func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		query.Del("position")
		io.WriteString(w, r.URL.Path+"?"+query.Encode())
	}
	noMachine := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(404)
		io.WriteString(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404,`+
			`"message":"virtualmachine.kubevirt.io \"demo\" not found","details":{"name":"demo","group":"kubevirt.io","kind":"virtualmachine"}}`)
	}
	both := map[string]http.HandlerFunc{vmLog: tell, vmiLog: tell}
	for _, c := range []struct {
		args    string
		answers map[string]http.HandlerFunc
		want    outcome
	}{
		{"demo --log", both, outcome{0, vmPath + "log?", ""}},
		{"vmi/demo --log", both, outcome{0, vmiPath + "log?", ""}},
		{"demo --log --tail=5 -f", both, outcome{0, vmPath + "log?follow=true&tailLines=5", ""}},
		{"demo --log --tail=0 --previous", both, outcome{0, vmPath + "log?previous=true&tailLines=0", ""}},
		{"demo --log", map[string]http.HandlerFunc{vmLog: noMachine, vmiLog: tell}, outcome{0, vmiPath + "log?", ""}},
		{"vm/demo --log", map[string]http.HandlerFunc{vmLog: noMachine, vmiLog: tell},
			outcome{1, "", "Error from server (NotFound): virtualmachine.kubevirt.io \"demo\" not found"}},
		{"demo --log", map[string]http.HandlerFunc{vmiLog: tell,
			vmLog: refuse(503, "ServiceUnavailable", `the log is on the node "n1", which cannot be reached: no virt-nodeplugin pod runs on the node`)},
			outcome{1, "", `the log is on the node "n1", which cannot be reached`}},
		{"demo --log", map[string]http.HandlerFunc{vmiLog: tell, vmLog: refuse(404, "NotFound", "this node keeps no log of the guest's serial console")},
			outcome{1, "", "Error from server (NotFound): this node keeps no log of the guest's serial console"}},
		{"demo --tail=5", both, outcome{1, "", "--tail goes with --log"}},
		{"demo --follow", both, outcome{1, "", "--follow goes with --log"}},
		{"demo --log --read-only", both, outcome{1, "", "--read-only goes without --log"}},
		{"demo --log --follow --previous", both, outcome{1, "", "--follow and --previous"}},
		{"demo --log --tail=-2", both, outcome{1, "", "--tail=-2: it has to be at least 0"}},
	} {
		got := newCluster(t, c.answers).run(t, append([]string{"console"}, strings.Fields(c.args)...)...)
		if got.code != c.want.code || got.out != c.want.out || !strings.Contains(got.errOut, c.want.errOut) {
			t.Errorf("%s: %+v, want %+v", c.args, got, c.want)
		}
	}
}

func TestConsoleLogThatBreaksOffIsAnError(t *testing.T) {
	got := newCluster(t, map[string]http.HandlerFunc{vmLog: func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "half of i")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}}).run(t, "console", "demo", "--log")
	if got.code != 1 || got.out != "half of i" || !strings.Contains(got.errOut, "the log breaks off: unexpected EOF") {
		t.Errorf("%+v", got)
	}
}

// TestConsoleLogGoesOnWhereItBrokeOff follows a guest over a restart of the node plugin, and over a gap.
func TestConsoleLogGoesOnWhereItBrokeOff(t *testing.T) {
	positions := make(chan string, 10)
	requests := 0
	got := newCluster(t, map[string]http.HandlerFunc{vmLog: func(w http.ResponseWriter, r *http.Request) {
		positions <- r.URL.Query().Get("position")
		tell := func(at, text string, whole bool) {
			w.Header().Set("Virtplane-Console-Position", at)
			io.WriteString(w, text)
			w.(http.Flusher).Flush()
			if !whole {
				panic(http.ErrAbortHandler)
			}
		}
		switch requests++; requests {
		case 1:
			tell("run-1:100", "one ", false)
		case 2:
			http.Error(w, "no virt-nodeplugin pod runs on the node", http.StatusServiceUnavailable)
		case 3:
			tell("run-1:104", "two ", false)
		case 4:
			tell("run-1:118", "three", true)
		}
	}}).run(t, "console", "demo", "--log", "--follow")
	if got.code != 0 || got.out != "one two three" || !strings.Contains(got.errOut, "[10 bytes of output skipped]") {
		t.Errorf("%+v", got)
	}
	for _, want := range []string{"", "run-1:104", "run-1:104", "run-1:108"} {
		if got := <-positions; got != want {
			t.Errorf("asked for position %q, want %q", got, want)
		}
	}
}
