// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"
)

func testServer(t *testing.T, serve http.HandlerFunc) (*rest.Config, *url.URL) {
	t.Helper()
	server := httptest.NewServer(serve)
	t.Cleanup(server.Close)
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return &rest.Config{Host: server.URL}, address
}

func TestSessionGivesUpAfterItsTimeout(t *testing.T) {
	s := &Session{
		Name:    "demo",
		Timeout: 1500 * time.Millisecond,
		Dial: func(context.Context, Position) (*Line, error) {
			return nil, apierrors.NewBadRequest("VMI is not running")
		},
		In: strings.NewReader(""), Out: &strings.Builder{}, Notices: &strings.Builder{},
	}
	begin := time.Now()
	err := s.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "no console of demo within 1.5s: VMI is not running") {
		t.Errorf("error %v", err)
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("gave up after %s", took)
	}
}

// TestSessionNoticesASilentServer has a server answer one ping and then nothing more, as after a lost cable.
func TestSessionNoticesASilentServer(t *testing.T) {
	pings := make(chan struct{}, 100)
	config, address := testServer(t, func(w http.ResponseWriter, r *http.Request) {
		upgrader := websocket.Upgrader{Subprotocols: []string{"plain.kubevirt.io"}}
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			t.Errorf("upgrade: %v", err)
			return
		}
		defer conn.Close()
		answered := false
		conn.SetPingHandler(func(string) error {
			pings <- struct{}{}
			if answered {
				return nil
			}
			answered = true
			return conn.WriteControl(websocket.PongMessage, nil, time.Now().Add(time.Second))
		})
		conn.ReadMessage()
	})
	notices := &strings.Builder{}
	dials := 0
	s := &Session{
		Name:    "demo",
		Timeout: time.Second,
		Dial: func(ctx context.Context, at Position) (*Line, error) {
			if dials++; dials > 1 {
				return nil, apierrors.NewUnauthorized("enough")
			}
			return NewDialer(config, address)(ctx, at)
		},
		In: strings.NewReader(""), Out: &strings.Builder{}, Notices: notices,
		ping: 50 * time.Millisecond,
	}
	if err := s.Run(t.Context()); !apierrors.IsUnauthorized(err) {
		t.Errorf("error %v", err)
	}
	if !strings.Contains(notices.String(), "i/o timeout") || len(pings) < 2 {
		t.Errorf("%d pings, notices %q", len(pings), notices)
	}
}

func TestDialerDecodesWhatTheServerSays(t *testing.T) {
	for _, c := range []struct {
		name  string
		serve http.HandlerFunc
		check func(error) bool
	}{
		{"a Status", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(404)
			w.Write([]byte(`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404,"message":"nothing here"}`))
		}, func(err error) bool { return apierrors.IsNotFound(err) && err.Error() == "nothing here" }},
		{"text", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "just text", http.StatusBadGateway) },
			func(err error) bool {
				var status apierrors.APIStatus
				return errors.As(err, &status) && status.Status().Code == 502 && status.Status().Details.Causes[0].Message == "just text"
			}},
		{"something else than a websocket", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("hello")) },
			func(err error) bool { return strings.Contains(err.Error(), "bad handshake") }},
	} {
		config, address := testServer(t, c.serve)
		conn, err := NewDialer(config, address)(t.Context(), Position{})
		if err == nil {
			conn.Close()
		}
		if err == nil || !c.check(err) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
