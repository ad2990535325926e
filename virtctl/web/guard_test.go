// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"
	"strings"
	"testing"
)

func host(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Del(name)
		if value != "" {
			r.Header.Set(name, value)
		}
	}
}

func TestOtherSitesReachNothing(t *testing.T) {
	s := newSite(t, newCluster(t, nil), Options{View: Console, Name: "demo"})
	port := s.address[strings.LastIndex(s.address, ":"):]
	for _, c := range []struct {
		name, method, path string
		edits              []func(*http.Request)
		want               int
	}{
		{"our own page", "GET", "/api/about", nil, 200},
		{"an old browser's read, which names no origin", "GET", "/api/about", []func(*http.Request){header("Origin", ""), header("Sec-Fetch-Site", "")}, 200},
		{"by the name localhost, with a port forwarded by ssh", "GET", "/api/about",
			[]func(*http.Request){host("localhost:9000"), header("Origin", "http://localhost:9000")}, 200},
		{"by IPv6", "GET", "/api/about", []func(*http.Request){host("[::1]:9000"), header("Origin", "http://[::1]:9000")}, 200},
		{"a name that was made to point here", "GET", "/", []func(*http.Request){host("evil.example" + port)}, 421},
		{"such a name for the API", "GET", "/api/about", []func(*http.Request){host("evil.example" + port), header("Origin", "http://evil.example"+port)}, 421},
		{"localhost as a part of a name", "GET", "/", []func(*http.Request){host("localhost.evil.example" + port)}, 421},
		{"another address than of this machine", "GET", "/", []func(*http.Request){host("192.0.2.1" + port)}, 421},
		{"another site's form", "POST", "/api/invitation", []func(*http.Request){header("Origin", "https://evil.example")}, 403},
		{"another port of this machine", "GET", "/api/about", []func(*http.Request){header("Origin", "http://127.0.0.1:1")}, 403},
		{"another port's read, as browsers tell it", "GET", "/api/about", []func(*http.Request){header("Origin", ""), header("Sec-Fetch-Site", "same-site")}, 403},
		{"a link on another site", "GET", "/api/about", []func(*http.Request){header("Origin", ""), header("Sec-Fetch-Site", "cross-site")}, 403},
		{"an origin that is hidden", "POST", "/api/invitation", []func(*http.Request){header("Origin", "null")}, 403},
		{"a change without an origin", "POST", "/api/invitation", []func(*http.Request){header("Origin", "")}, 403},
		{"two origins", "POST", "/api/invitation", []func(*http.Request){func(r *http.Request) { r.Header.Add("Origin", "https://evil.example") }}, 403},
		{"the same host by https", "POST", "/api/invitation", []func(*http.Request){header("Origin", "https://"+s.address)}, 403},
	} {
		if code, _, body := s.ask(t, c.method, c.path, "", c.edits...); code != c.want {
			t.Errorf("%s: %d %s, want %d", c.name, code, body, c.want)
		}
	}
}

func TestHostsThatBrowsersMeanThisServerBy(t *testing.T) {
	for _, c := range []struct {
		host             string
		local, elsewhere bool
	}{
		{"127.0.0.1:80", true, true},
		{"127.0.0.1", true, true},
		{"127.8.8.8:80", true, true},
		{"[::1]:80", true, true},
		{"[::1]", true, true},
		{"localhost", true, true},
		{"192.0.2.1:80", false, true},
		{"[2001:db8::1]:80", false, true},
		{"localhost.:80", false, false},
		{"my.localhost:80", false, false},
		{"example.com", false, false},
		{"127.0.0.1.example.com:80", false, false},
		{"127.0.0.1:80;script-src *", false, false},
		{"[::1%lo;script-src *]:80", false, false},
		{"0x7f.1:80", false, false},
		{"2130706433", false, false},
		{"", false, false},
	} {
		if got := (&guard{local: true}).knows(c.host); got != c.local {
			t.Errorf("%q on this machine alone: %t", c.host, got)
		}
		if got := (&guard{}).knows(c.host); got != c.elsewhere {
			t.Errorf("%q on a network: %t", c.host, got)
		}
	}
}

func TestOtherSitesOpenNoWebsocket(t *testing.T) {
	s := newSite(t, newCluster(t, nil), Options{View: Console, Name: "demo"})
	for name, edit := range map[string]func(http.Header){
		"another site":  func(h http.Header) { h.Set("Origin", "https://evil.example") },
		"no origin":     func(h http.Header) { h.Del("Origin") },
		"another port":  func(h http.Header) { h.Set("Origin", "http://127.0.0.1:1") },
		"another host":  func(h http.Header) { h.Set("Host", "evil.example") },
		"no cookie":     func(h http.Header) { h.Del("Cookie") },
		"another's key": func(h http.Header) { h.Set("Sec-WebSocket-Protocol", streamProtocol+", "+keyProtocol+secret()) },
	} {
		conn, answer := s.socket(t, "/api/stream/console/lab/demo", edit)
		if conn != nil || answer == nil || answer.StatusCode < 400 {
			t.Errorf("%s: %+v", name, answer)
		}
	}
}

func TestEveryAnswerIsLockedDown(t *testing.T) {
	s := newSite(t, newCluster(t, nil), Options{View: Machines})
	for _, path := range []string{"/", "/vnc/lab/demo", "/console/lab/demo", "/api/about", "/assets/page/js/ui.js", "/nowhere", "/api/nowhere"} {
		_, h, _ := s.ask(t, "GET", path, "")
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
			"X-Frame-Options": "DENY", "Cross-Origin-Resource-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		policy := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self';", "connect-src 'self' ws://" + s.address + ";",
			"frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'", "require-trusted-types-for 'script'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: the policy %q lacks %q", path, policy, want)
			}
		}
		if inline := strings.Contains(policy, "unsafe"); inline != strings.HasPrefix(path, "/console/") {
			t.Errorf("%s: policy %q", path, policy)
		}
		if h.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s is readable by other sites", path)
		}
	}
}
