// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/gorilla/websocket"
	"k8s.io/client-go/rest"
)

// Stream is a subresource's websocket as a stream of bytes.
type Stream struct {
	Conn *websocket.Conn
	rest io.Reader
}

// Dial opens a subresource of an instance, such as vnc or console?readOnly=true. The code is that of a refusal.
func (n *Namespace) Dial(ctx context.Context, name, subresource string) (stream *Stream, code int, err error) {
	tls, err := rest.TLSConfigFor(n.Config)
	if err != nil {
		return nil, 0, fmt.Errorf("load kubeconfig: %w", err)
	}
	at, err := url.Parse(n.Config.Host + "/apis/subresources.kubevirt.io/v1/namespaces/" + n.ID + "/virtualmachineinstances/" + name + "/" + subresource)
	if err != nil {
		return nil, 0, err
	}
	at.Scheme = "wss"
	dialer := &websocket.Dialer{TLSClientConfig: tls, Subprotocols: []string{"plain.kubevirt.io"}}
	conn, resp, err := dialer.DialContext(ctx, at.String(), http.Header{})
	if err != nil {
		if resp == nil {
			return nil, 0, err
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
		return nil, resp.StatusCode, fmt.Errorf("%w: %s", err, body)
	}
	return &Stream{Conn: conn}, 0, nil
}

// MustDial is Dial of something that has to open; it is closed with the test.
func (n *Namespace) MustDial(name, subresource string) *Stream {
	n.Helper()
	s, _, err := n.Dial(Context(n, Quick), name, subresource)
	Need(n, err, "open "+subresource)
	n.Cleanup(func() { s.Conn.Close() })
	return s
}

// Read reads from the messages as they come; the end of the stream is io.EOF.
func (s *Stream) Read(p []byte) (int, error) {
	for {
		if s.rest == nil {
			kind, message, err := s.Conn.NextReader()
			var closed *websocket.CloseError
			if errors.As(err, &closed) && closed.Code == websocket.CloseNormalClosure {
				return 0, io.EOF
			}
			if err != nil {
				return 0, err
			}
			if kind != websocket.BinaryMessage {
				continue
			}
			s.rest = message
		}
		n, err := s.rest.Read(p)
		if errors.Is(err, io.EOF) {
			s.rest, err = nil, nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// Write sends a message.
func (s *Stream) Write(p []byte) (int, error) {
	if err := s.Conn.WriteMessage(websocket.BinaryMessage, p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Within limits how long reads may wait from now on.
func (s *Stream) Within(timeout time.Duration) { _ = s.Conn.SetReadDeadline(time.Now().Add(timeout)) }
