// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func stranger(r *http.Request) {
	r.Header.Del("Cookie")
	r.Header.Del(keyHeader)
}

func TestALinkOpensOneBrowser(t *testing.T) {
	s := newSite(t, newCluster(t, nil), Options{View: VNC, Name: "demo"})
	token := s.gate.token()
	login := `{"token":"` + token + `"}`
	code, h, body := s.ask(t, "POST", "/api/session", login, stranger)
	var got struct{ Key string }
	if code != 200 || json.Unmarshal([]byte(body), &got) != nil {
		t.Fatalf("login: %d %s", code, body)
	}
	cookie, err := http.ParseSetCookie(h.Get("Set-Cookie"))
	if err != nil {
		t.Fatal(err)
	}
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Domain != "" || strings.Contains(body, cookie.Value) {
		t.Errorf("cookie %v, body %s", cookie, body)
	}
	member := func(r *http.Request) {
		stranger(r)
		r.AddCookie(&http.Cookie{Name: cookie.Name, Value: cookie.Value})
		r.Header.Set(keyHeader, got.Key)
	}
	if code, _, body := s.ask(t, "GET", "/api/about", "", member); code != 200 {
		t.Errorf("a member: %d %s", code, body)
	}
	if code, _, body := s.ask(t, "POST", "/api/session", login, stranger); code != 410 || !strings.Contains(body, "opened before") {
		t.Errorf("the same link again: %d %s", code, body)
	}
	code, _, body = s.ask(t, "POST", "/api/invitation", "", member)
	var invited struct{ Token string }
	if code != 200 || json.Unmarshal([]byte(body), &invited) != nil {
		t.Fatalf("invitation: %d %s", code, body)
	}
	if code, _, _ := s.ask(t, "POST", "/api/session", `{"token":"`+invited.Token+`"}`, stranger); code != 200 {
		t.Errorf("an invitation: %d", code)
	}
	for _, wrong := range []string{`{}`, `{"token":""}`, `{"token":"` + secret() + `"}`, `{`, strings.Repeat(" ", 1<<20)} {
		if code, h, _ := s.ask(t, "POST", "/api/session", wrong, stranger); code < 400 || h.Get("Set-Cookie") != "" {
			t.Errorf("login with %.40q: %d", wrong, code)
		}
	}
}

func TestBothSecretsAreNeeded(t *testing.T) {
	s := newSite(t, newCluster(t, nil), Options{View: Machines})
	for name, edit := range map[string]func(*http.Request){
		"nothing":              stranger,
		"the cookie alone":     func(r *http.Request) { r.Header.Del(keyHeader) },
		"the key alone":        func(r *http.Request) { r.Header.Del("Cookie") },
		"the cookie as key":    func(r *http.Request) { r.Header.Set(keyHeader, s.gate.cookie) },
		"another virtctl's":    func(r *http.Request) { r.Header.Set("Cookie", "virtctl-1="+s.gate.cookie) },
		"another cookie":       func(r *http.Request) { r.Header.Set("Cookie", s.gate.name+"="+secret()) },
		"an unused link's":     func(r *http.Request) { r.Header.Set(keyHeader, s.gate.token()) },
		"an empty key":         func(r *http.Request) { r.Header.Set(keyHeader, "") },
		"a key that goes on":   func(r *http.Request) { r.Header.Set(keyHeader, s.gate.key+"0") },
		"an authorization":     func(r *http.Request) { stranger(r); r.Header.Set("Authorization", "Bearer "+clusterToken) },
		"a key in the address": func(r *http.Request) { r.Header.Del(keyHeader); r.URL.RawQuery = "key=" + s.gate.key },
	} {
		for _, path := range []string{"GET /api/about", "POST /api/invitation", "GET /api/namespaces", "GET /api/watch", "GET /api/events/lab/demo",
			"GET /api/screenshot/lab/demo", "GET /api/log/lab/demo", "GET /api/stream/vnc/lab/demo", "PUT /api/virtualmachines/lab/demo/start"} {
			method, path, _ := strings.Cut(path, " ")
			if code, _, body := s.ask(t, method, path, "{}", edit); code != 401 {
				t.Errorf("%s %s with %s: %d %s", method, path, name, code, body)
			}
		}
	}
}

func TestUnusedLinksAreFew(t *testing.T) {
	g := newGate(1)
	first := g.token()
	for range maxTokens {
		g.token()
	}
	if g.use(first) || len(g.tokens) != maxTokens {
		t.Errorf("%d tokens", len(g.tokens))
	}
}
