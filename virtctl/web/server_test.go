// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"bytes"
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func TestAViewOfOneGuestReachesNothingElse(t *testing.T) {
	c := newCluster(t, nil)
	s := newSite(t, c, Options{View: VNC, Name: "demo"})
	for _, a := range []struct {
		method, path string
		want         int
	}{
		{"GET", "/api/log/lab/other", 403},
		{"GET", "/api/log/other/demo", 403},
		{"GET", "/api/stream/vnc/lab/other", 403},
		{"GET", "/api/stream/console/other/demo", 403},
		{"GET", "/api/watch", 404},
		{"GET", "/api/namespaces", 404},
		{"GET", "/api/events/lab/demo", 404},
		{"GET", "/api/screenshot/lab/demo", 404},
		{"PUT", "/api/virtualmachines/lab/demo/stop", 404},
	} {
		if code, _, body := s.ask(t, a.method, a.path, "{}"); code != a.want {
			t.Errorf("%s %s: %d %s", a.method, a.path, code, body)
		}
	}
	if code, h, _ := s.ask(t, "GET", "/", ""); code != 302 || h.Get("Location") != "/vnc/lab/demo" {
		t.Errorf("/ leads to %d %s", code, h.Get("Location"))
	}
	if got := c.requests(); len(got) != 0 {
		t.Errorf("the cluster was asked %q", got)
	}
}

func TestNoPathLeadsElsewhereInTheCluster(t *testing.T) {
	c := newCluster(t, nil)
	s := newSite(t, c, Options{View: Machines})
	for _, path := range []string{
		"GET /api/log/lab/..", "GET /api/log/lab/%2e%2e", "GET /api/log/../../secrets", "GET /api/log/lab/demo%2f..%2f..%2fsecrets",
		"GET /api/log/%2e/demo", "GET /api/log/lab/demo%25", "GET /api/stream/secrets/lab/demo", "GET /api/stream/console%2f../lab/demo",
		"GET /api/screenshot/lab/a%2fb", "GET /api/events/lab%2fx/demo", "GET /api/watch?namespace=..", "GET /api/watch?namespace=lab%2fpods",
		"PUT /api/virtualmachines/lab/demo/console", "PUT /api/secrets/lab/demo/start", "PUT /api/virtualmachines/lab/demo/start%2f..",
		"PUT /api/virtualmachines/lab/../start", "PUT /api/virtualmachineinstances/lab/demo/stop", "DELETE /api/virtualmachines/lab/demo/stop",
		"GET /assets/../server.go", "GET /assets/%2e%2e/server.go", "GET /assets/page/../../gate.go", "GET /assets/", "GET /assets/page",
		"GET /assets/npm/README.md", "GET /server.go",
	} {
		method, path, _ := strings.Cut(path, " ")
		if code, _, body := s.ask(t, method, path, "{}"); code < 300 || code == 500 || strings.Contains(body, "package web") {
			t.Errorf("%s %s: %d %.80s", method, path, code, body)
		}
	}
	if got := c.requests(); len(got) != 0 {
		t.Errorf("the cluster was asked %q", got)
	}
}

// notices is what Serve prints, which tests wait for.
type notices struct {
	lines chan string
	all   bytes.Buffer
}

func (n *notices) Write(p []byte) (int, error) {
	n.all.Write(p)
	n.lines <- n.all.String()
	return len(p), nil
}

func TestServeUntilItIsEnded(t *testing.T) {
	c := newCluster(t, nil)
	ctx, stop := context.WithCancel(t.Context())
	n := &notices{lines: make(chan string, 10)}
	var link string
	done := make(chan error, 1)
	go func() {
		done <- Serve(ctx, Options{Config: c.config(), Namespace: "lab", View: Console, Name: "demo", Address: "127.0.0.1", Notices: n,
			Open: func(l string) error { link = l; return errNoDesktop }})
	}()
	var text string
	for !strings.Contains(text, "ssh -L") {
		text = <-n.lines
	}
	if !regexp.MustCompile(`http://127\.0\.0\.1:\d+/console/lab/demo#[0-9a-f]{64}\n`).MatchString(text) || !strings.Contains(text, link) || link == "" {
		t.Errorf("printed %s\nopened %s", text, link)
	}
	page, fragment, _ := strings.Cut(link, "#")
	answer, err := http.Get(page)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != 200 || len(answer.Cookies()) > 0 || strings.Contains(page, fragment) {
		t.Errorf("%d %v", answer.StatusCode, answer.Cookies())
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := http.Get(page); err == nil {
		t.Error("it still answers")
	}
}

func TestServeSaysThatAPortIsTaken(t *testing.T) {
	s := newSite(t, newCluster(t, nil), Options{View: Machines})
	var out bytes.Buffer
	at, port := "127.0.0.1", 0
	for _, digit := range s.address[strings.LastIndex(s.address, ":")+1:] {
		port = port*10 + int(digit-'0')
	}
	err := Serve(t.Context(), Options{Config: s.Config, Address: at, Port: port, Notices: &out})
	if err == nil || !strings.Contains(err.Error(), "listen for the browser") || !strings.Contains(err.Error(), "in use") {
		t.Errorf("%v", err)
	}
}
