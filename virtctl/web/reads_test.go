// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestScreenshot(t *testing.T) {
	const picture = "\x89PNG\r\n\x1a\n and so on"
	c := newCluster(t, map[string]http.HandlerFunc{
		"GET " + verbsPath + "virtualmachineinstances/demo/vnc/screenshot": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.Write([]byte(picture))
		},
		"GET " + verbsPath + "virtualmachineinstances/none/vnc/screenshot": refusing(400, "BadRequest", "No graphics devices are present."),
	})
	s := newSite(t, c, Options{View: Machines})
	if code, h, body := s.ask(t, "GET", "/api/screenshot/lab/demo", ""); code != 200 || h.Get("Content-Type") != "image/png" || body != picture {
		t.Errorf("%d %s %q", code, h.Get("Content-Type"), body)
	}
	if code, _, body := s.ask(t, "GET", "/api/screenshot/lab/none", ""); code != 400 || !strings.Contains(body, "No graphics devices are present.") {
		t.Errorf("%d %s", code, body)
	}
}

func TestLogOfAStoppedMachineAndOfALoneInstance(t *testing.T) {
	said := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(text + r.URL.RawQuery)) }
	}
	c := newCluster(t, map[string]http.HandlerFunc{
		"GET " + verbsPath + "virtualmachines/demo/log":         said("machine "),
		"GET " + verbsPath + "virtualmachines/lone/log":         refusing(404, "NotFound", `virtualmachine.kubevirt.io "lone" not found`),
		"GET " + verbsPath + "virtualmachineinstances/lone/log": said("instance "),
		"GET " + verbsPath + "virtualmachines/old/log":          refusing(403, "Forbidden", "you may not"),
	})
	s := newSite(t, c, Options{View: Machines})
	for _, a := range []struct {
		path string
		code int
		body string
	}{
		{"demo?tailBytes=100", 200, "machine tailBytes=100"},
		{"demo?tailBytes=many&follow=true", 200, "machine"},
		{"lone", 200, "instance"},
		{"old", 403, `{"code":403,"reason":"Forbidden","message":"you may not"}`},
	} {
		if code, h, body := s.ask(t, "GET", "/api/log/lab/"+a.path, ""); code != a.code || body != a.body || strings.Contains(h.Get("Content-Type"), "html") {
			t.Errorf("%s: %d %s", a.path, code, body)
		}
	}
}

func TestNamespaces(t *testing.T) {
	c := newCluster(t, map[string]http.HandlerFunc{"GET /api/v1/namespaces": answer(json.RawMessage(
		`{"kind":"NamespaceList","items":[{"metadata":{"name":"shop"}},{"metadata":{"name":"lab"}}]}`))})
	s := newSite(t, c, Options{View: Machines})
	if code, _, body := s.ask(t, "GET", "/api/namespaces", ""); code != 200 || body != `["lab","shop"]` {
		t.Errorf("%d %s", code, body)
	}
	c.answers["GET /api/v1/namespaces"] = refusing(403, "Forbidden", "namespaces is forbidden")
	if code, _, body := s.ask(t, "GET", "/api/namespaces", ""); code != 403 || !strings.Contains(body, "namespaces is forbidden") {
		t.Errorf("%d %s", code, body)
	}
}

func TestEventsOfAMachineAndItsInstance(t *testing.T) {
	c := newCluster(t, map[string]http.HandlerFunc{"GET /api/v1/namespaces/lab/events": answer(json.RawMessage(`{"items":[
		{"type":"Normal","reason":"Created","message":"old","count":1,"lastTimestamp":"2026-01-01T00:00:00Z","involvedObject":{"kind":"VirtualMachine"}},
		{"type":"Normal","reason":"Pulled","message":"a pod of that name","lastTimestamp":"2026-01-03T00:00:00Z","involvedObject":{"kind":"Pod"}},
		{"type":"Warning","reason":"Series","message":"again","eventTime":"2026-01-01T00:00:00.000000Z","involvedObject":{"kind":"VirtualMachineInstance"},
		 "series":{"count":7,"lastObservedTime":"2026-01-02T00:00:00.000000Z"}}]}`))})
	s := newSite(t, c, Options{View: Machines})
	code, _, body := s.ask(t, "GET", "/api/events/lab/demo", "")
	var got []event
	if code != 200 || json.Unmarshal([]byte(body), &got) != nil || len(got) != 2 {
		t.Fatalf("%d %s", code, body)
	}
	if e := got[0]; e.Message != "again" || e.Count != 7 || e.Type != "Warning" || !e.Time.Equal(time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("latest %+v", e)
	}
	if e := got[1]; e.Message != "old" || e.Count != 1 || e.About != "VirtualMachine" {
		t.Errorf("oldest %+v", e)
	}
	if seen := c.requests(); len(seen) != 1 || !strings.Contains(seen[0], "involvedObject.name%3Ddemo") {
		t.Errorf("asked %q", seen)
	}
}
