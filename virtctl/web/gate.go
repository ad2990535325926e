// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/gorilla/websocket"
)

const (
	// secretBytes is the length of every secret: 256 bits, which nobody guesses.
	secretBytes = 32
	// maxTokens caps the links that were given out and not used.
	maxTokens = 16
	// keyHeader and keyProtocol carry the key: websockets cannot have headers of a page's choice.
	keyHeader   = "X-Virtctl-Key"
	keyProtocol = "key.virtctl."
	// streamProtocol is the protocol that a websocket of a page speaks.
	streamProtocol = "v1.virtctl"
	// maxLogin caps the body of a login, in bytes.
	maxLogin = 4 << 10
)

// errUsed is told to whom opens a link again.
var errUsed = errors.New("this link was opened before, and a link works once; open a further browser with the link that the page's \"Other browser\" button gives, or start virtctl again")

// gate lets in whoever opened a link of virtctl. The link's token is good for one login. That gives two secrets: a
// cookie, which scripts cannot read but which browsers send to every port of this machine, and a key, which belongs to
// the origin with its port, and which other sites cannot send. A request needs both.
type gate struct {
	// name is the cookie's: cookies of several virtctl share one jar.
	name, cookie, key string
	// mu guards tokens, which are unused ones.
	mu     sync.Mutex
	tokens []string
}

func newGate(port int) *gate {
	return &gate{name: fmt.Sprintf("virtctl-%d", port), cookie: secret(), key: secret()}
}

func secret() string {
	b := make([]byte, secretBytes)
	rand.Read(b) // never returns an error
	return hex.EncodeToString(b)
}

// token returns a new one; the oldest unused one goes when there are too many.
func (g *gate) token() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := secret()
	g.tokens = append(g.tokens, t)
	if len(g.tokens) > maxTokens {
		g.tokens = g.tokens[1:]
	}
	return t
}

// use tells whether t is an unused token, and uses it.
func (g *gate) use(t string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, known := range g.tokens {
		if same(known, t) {
			g.tokens = append(g.tokens[:i], g.tokens[i+1:]...)
			return true
		}
	}
	return false
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// login exchanges a token for the secrets.
func (g *gate) login(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Token string `json:"token"`
	}
	if err := json.NewDecoder(io.LimitReader(r.Body, maxLogin)).Decode(&body); err != nil {
		writeError(w, http.StatusBadRequest, fmt.Errorf("decode login: %w", err))
		return
	}
	if !g.use(body.Token) {
		writeError(w, http.StatusGone, errUsed)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: g.name, Value: g.cookie, Path: "/api/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	writeJSON(w, map[string]string{"key": g.key})
}

// invite returns the token of a further link.
func (g *gate) invite(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, map[string]string{"token": g.token()})
}

// members lets only requests with both secrets through to next.
func (g *gate) members(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		cookie, err := r.Cookie(g.name)
		if err != nil || !same(cookie.Value, g.cookie) || !same(keyOf(r), g.key) {
			writeError(w, http.StatusUnauthorized, errors.New("this browser did not open a link of this virtctl; use the link that it printed"))
			return
		}
		next(w, r)
	}
}

func keyOf(r *http.Request) string {
	for _, protocol := range websocket.Subprotocols(r) {
		if key, found := strings.CutPrefix(protocol, keyProtocol); found {
			return key
		}
	}
	return r.Header.Get(keyHeader)
}
