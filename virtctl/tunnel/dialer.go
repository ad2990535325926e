// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package tunnel carries connections and datagrams of this machine to websockets of the API and back.
package tunnel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
)

const (
	// subprotocol is how KubeVirt's servers and clients call a websocket of raw bytes.
	subprotocol = "plain.kubevirt.io"
	// dialTimeout bounds one attempt. kube-apiserver itself waits up to 30 s for a server behind it.
	dialTimeout = 40 * time.Second
	// maxAnswer caps what is read of a refusal, in bytes.
	maxAnswer = 64 << 10
	// chunk is how much goes into a message at most, in bytes; buffers of that size hold a message whole.
	chunk = 32 << 10
)

// Dialer opens a websocket of raw bytes.
type Dialer func(context.Context) (*websocket.Conn, error)

// NewDialer returns a Dialer for address with the authentication, trust and proxy of config.
func NewDialer(config *rest.Config, address *url.URL) Dialer {
	return func(ctx context.Context) (*websocket.Conn, error) {
		socket, _, err := Dial(ctx, config, address)
		return socket, err
	}
}

// Dial opens a websocket and returns what the server said with it. Its refusal comes as an apierrors.APIStatus, whatever
// form it has.
func Dial(ctx context.Context, config *rest.Config, address *url.URL) (*websocket.Conn, http.Header, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	shake, err := newHandshake(config)
	if err != nil {
		return nil, nil, fmt.Errorf("load kubeconfig: %w", err)
	}
	transport, err := rest.HTTPWrappersForConfig(config, shake)
	if err != nil {
		return nil, nil, fmt.Errorf("load kubeconfig: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return nil, nil, fmt.Errorf("make request: %w", err)
	}
	answer, err := transport.RoundTrip(req)
	if err != nil {
		// The form in which net/http reports a server that it does not reach.
		return nil, nil, &url.Error{Op: "Get", URL: address.String(), Err: err}
	}
	defer answer.Body.Close()
	if shake.conn == nil {
		return nil, nil, Refusal(answer)
	}
	return shake.conn, answer.Header, nil
}

// Open dials and returns the websocket as a stream of bytes.
func (d Dialer) Open(ctx context.Context) (*Conn, error) {
	socket, err := d(ctx)
	if err != nil {
		return nil, err
	}
	return newConn(socket, pingInterval), nil
}

// handshake is the innermost http.RoundTripper: it turns one request into a websocket.
type handshake struct {
	dialer *websocket.Dialer
	// conn is the outcome, nil when the server refused.
	conn *websocket.Conn
}

func newHandshake(config *rest.Config) (*handshake, error) {
	trust, err := rest.TLSConfigFor(config)
	if err != nil {
		return nil, err
	}
	proxy := config.Proxy
	if proxy == nil {
		proxy = http.ProxyFromEnvironment
	}
	return &handshake{dialer: &websocket.Dialer{
		Proxy:           proxy,
		TLSClientConfig: trust,
		NetDialContext:  config.Dial,
		Subprotocols:    []string{subprotocol},
		ReadBufferSize:  chunk,
		WriteBufferSize: chunk,
	}}, nil
}

// RoundTrip performs the handshake. A refusal is an answer like any other, so that authentication plugins see a 401.
func (h *handshake) RoundTrip(req *http.Request) (*http.Response, error) {
	address := *req.URL
	// http becomes ws and https becomes wss.
	address.Scheme = strings.Replace(address.Scheme, "http", "ws", 1)
	conn, answer, err := h.dialer.DialContext(req.Context(), address.String(), req.Header)
	if errors.Is(err, websocket.ErrBadHandshake) && answer != nil && answer.StatusCode >= http.StatusBadRequest {
		return answer, nil
	}
	if err != nil {
		return nil, err
	}
	h.conn = conn
	return answer, nil
}

// Refusal returns what the server said, be it a Status or text.
func Refusal(answer *http.Response) error {
	// Half a body is better than none.
	body, _ := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	status := metav1.Status{}
	if json.Unmarshal(body, &status) == nil && status.Kind == "Status" && status.Code != 0 {
		return apierrors.FromObject(&status)
	}
	text := strings.TrimSpace(string(body))
	err := apierrors.NewGenericServerResponse(answer.StatusCode, "get", schema.GroupResource{}, "", text, 0, true)
	// What a proxy says of a server that it does not find or reach is worth less than what is known of such codes.
	if code := answer.StatusCode; text != "" && code != http.StatusNotFound && code != http.StatusServiceUnavailable {
		err.ErrStatus.Message = text
	}
	return err
}
