// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/gorilla/websocket"
)

// policy is the Content-Security-Policy of every answer: nothing but what virtctl itself serves, and no markup made of
// text. %s is the host, because not every browser counts a websocket to it as 'self'.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'%s; img-src 'self' blob: data:; connect-src 'self' ws://%s; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// guard stands before everything. It refuses what another web site has the browser send, and tells the browser to keep
// the pages to themselves.
type guard struct {
	next http.Handler
	// local is set when the server listens on a loopback address.
	local bool
}

func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), usb=()")
	// The host goes into the policy, so it is looked at first.
	if !g.knows(r.Host) {
		h.Set("Content-Security-Policy", "default-src 'none'")
		http.Error(w, fmt.Sprintf("this is not %q; open it by its IP address, or as localhost", r.Host), http.StatusMisdirectedRequest)
		return
	}
	styles := ""
	if strings.HasPrefix(r.URL.Path, "/console/") {
		// xterm.js makes style sheets and attributes for its rows.
		styles = " 'unsafe-inline'"
	}
	h.Set("Content-Security-Policy", fmt.Sprintf(policy, styles, r.Host))
	if strings.HasPrefix(r.URL.Path, "/api/") && !sameOrigin(r) {
		http.Error(w, "requests from other web sites are not answered", http.StatusForbidden)
		return
	}
	g.next.ServeHTTP(w, r)
}

// knows tells whether a browser that asked for host meant this server. A site whose name was made to point here (DNS
// rebinding) sends its own name; an address cannot be made to.
func (g *guard) knows(host string) bool {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		name = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	} else if strings.Trim(port, "0123456789") != "" {
		return false
	}
	if name == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(name)
	return err == nil && address.Zone() == "" && (address.IsLoopback() || !g.local)
}

// sameOrigin tells whether a request comes from a page of this server. Browsers name the origin of everything but plain
// reads; of those, newer ones tell whether it is another.
func sameOrigin(r *http.Request) bool {
	if origin := r.Header.Values("Origin"); len(origin) > 0 {
		return len(origin) == 1 && origin[0] == "http://"+r.Host
	}
	site := r.Header.Get("Sec-Fetch-Site")
	return r.Method == http.MethodGet && !websocket.IsWebSocketUpgrade(r) && (site == "" || site == "same-origin")
}
