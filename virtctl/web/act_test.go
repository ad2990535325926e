// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"
	"strings"
	"testing"
)

const verbsPath = "/apis/subresources.kubevirt.io/v1/namespaces/lab/"

func TestVerbs(t *testing.T) {
	for _, a := range []struct{ path, body, want string }{
		{"virtualmachines/lab/demo/start", `{}`, "virtualmachines/demo/start {}"},
		{"virtualmachines/lab/demo/stop", `{"force":false}`, "virtualmachines/demo/stop {}"},
		{"virtualmachines/lab/demo/stop", `{"force":true}`, `virtualmachines/demo/stop {"gracePeriod":0}`},
		{"virtualmachines/lab/demo/restart", `{}`, "virtualmachines/demo/restart {}"},
		{"virtualmachines/lab/demo/restart", `{"force":true}`, `virtualmachines/demo/restart {"gracePeriodSeconds":0}`},
		{"virtualmachineinstances/lab/demo/pause", `{}`, "virtualmachineinstances/demo/pause {}"},
		{"virtualmachineinstances/lab/demo/unpause", `{}`, "virtualmachineinstances/demo/unpause {}"},
		{"virtualmachineinstances/lab/demo/softreboot", `{}`, "virtualmachineinstances/demo/softreboot"},
		{"virtualmachineinstances/lab/demo/reset", `{}`, "virtualmachineinstances/demo/reset"},
	} {
		path, _, _ := strings.Cut(a.want, " ")
		c := newCluster(t, map[string]http.HandlerFunc{"PUT " + verbsPath + path: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(202) }})
		s := newSite(t, c, Options{View: Machines})
		if code, _, body := s.ask(t, "PUT", "/api/"+a.path, a.body); code != 202 {
			t.Errorf("%s: %d %s", a.path, code, body)
		}
		if got := c.requests(); len(got) != 1 || got[0] != "PUT "+verbsPath+a.want {
			t.Errorf("%s %s: asked %q", a.path, a.body, got)
		}
	}
}

func TestVerbsRefusedInTheClustersWords(t *testing.T) {
	c := newCluster(t, map[string]http.HandlerFunc{
		"PUT " + verbsPath + "virtualmachines/demo/start": refusing(409, "Conflict", "VM is already running"),
	})
	s := newSite(t, c, Options{View: Machines})
	code, _, body := s.ask(t, "PUT", "/api/virtualmachines/lab/demo/start", "{}")
	if code != 409 || body != `{"code":409,"reason":"Conflict","message":"VM is already running"}` {
		t.Errorf("%d %s", code, body)
	}
	for _, wrong := range []string{"", "force", `{"force":"very"}`} {
		if code, _, _ := s.ask(t, "PUT", "/api/virtualmachines/lab/demo/start", wrong); code != 400 {
			t.Errorf("%q: %d", wrong, code)
		}
	}
	c.Close()
	code, _, body = s.ask(t, "PUT", "/api/virtualmachines/lab/demo/start", "{}")
	if code != 502 || !strings.Contains(body, "cannot be reached") {
		t.Errorf("without a cluster: %d %s", code, body)
	}
}
