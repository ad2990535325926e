// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gorilla/websocket"
	"k8s.io/client-go/rest"

	"github.com/virtplane/virtplane/virtctl/console"
	"github.com/virtplane/virtplane/virtctl/tunnel"
)

// upgrader trusts the guard, which has looked at the origin.
var upgrader = websocket.Upgrader{
	Subprotocols: []string{streamProtocol},
	CheckOrigin:  func(*http.Request) bool { return true },
}

// opening is the first message to a page, in text. Everything after it is the stream's, in binary.
type opening struct {
	Open bool `json:"open"`
	// Position is where a serial console's output begins, if the server tells that.
	Position string   `json:"position,omitempty"`
	Error    *failure `json:"error,omitempty"`
}

// stream connects a page with the screen or the serial console of a guest.
func (s *server) stream(w http.ResponseWriter, r *http.Request) {
	p, ok := s.placeOf(w, r)
	if !ok {
		return
	}
	kind := View(r.PathValue("kind"))
	if kind != VNC && kind != Console {
		writeError(w, http.StatusNotFound, fmt.Errorf("there is no stream %q", kind))
		return
	}
	if !websocket.IsWebSocketUpgrade(r) {
		writeError(w, http.StatusUpgradeRequired, fmt.Errorf("%s is a websocket", r.URL.Path))
		return
	}
	s.streams.Add(1)
	defer s.streams.Done()
	// A page that is closed while the cluster thinks ends the request.
	guest, at, failed := s.dial(r.Context(), kind, s.streamURL(p, kind), r.URL.Query().Get("position"))
	if guest != nil {
		defer guest.Close()
	}
	browser, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // it has been answered, and who was refused here is no page of ours
	}
	defer browser.Close()
	if failed != nil {
		f := failureOf(failed)
		_ = browser.SetWriteDeadline(deadline())
		_ = browser.WriteJSON(opening{Error: &f})
		say(browser, websocket.CloseNormalClosure, "")
		return
	}
	_ = browser.SetWriteDeadline(deadline())
	if browser.WriteJSON(opening{Open: true, Position: at}) != nil {
		say(guest, websocket.CloseNormalClosure, "")
		return
	}
	// From here on the request's context ends with the server.
	newRelay(browser, guest, kind == Console).run(r.Context())
}

func (s *server) streamURL(p place, kind View) *url.URL {
	address := s.requests.Get().AbsPath(p.of(instances, string(kind))...).URL()
	if kind != s.View {
		return address
	}
	parameters := url.Values{}
	for name, values := range s.Parameters {
		// To have it alone is asked for once: a page that connects again must not throw out who has come since.
		if name != "exclusive" || s.alone.CompareAndSwap(false, true) {
			parameters[name] = values
		}
	}
	address.RawQuery = parameters.Encode()
	return address
}

// dial opens a stream in the cluster, for a serial console at a position. It gives up at once when ctx ends: a handshake
// itself does not hear of that.
func (s *server) dial(ctx context.Context, kind View, address *url.URL, at string) (*websocket.Conn, string, error) {
	config := rest.CopyConfig(s.config)
	connect := config.Dial
	if connect == nil {
		connect = (&net.Dialer{}).DialContext
	}
	settled := func() bool { return true }
	config.Dial = func(dialing context.Context, network, address string) (net.Conn, error) {
		conn, err := connect(dialing, network, address)
		if err == nil {
			settled = context.AfterFunc(ctx, func() { conn.Close() })
		}
		return conn, err
	}
	defer func() { settled() }()
	if kind == VNC {
		guest, err := tunnel.NewDialer(config, address)(ctx)
		return guest, "", err
	}
	run, offset, _ := strings.Cut(at, ":")
	n, err := strconv.ParseUint(offset, 10, 64)
	if err != nil {
		run = ""
	}
	line, err := console.NewDialer(config, address)(ctx, console.Position{Run: run, Offset: n})
	if err != nil {
		return nil, "", err
	}
	return line.Conn, line.At.String(), nil
}
