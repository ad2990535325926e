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
	tell := func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.URL.Path+"?"+r.URL.RawQuery) }
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
	if got.code != 1 || got.out != "half of i" || !strings.Contains(got.errOut, "the log of demo breaks off") {
		t.Errorf("%+v", got)
	}
}
