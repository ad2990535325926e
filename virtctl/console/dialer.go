// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package console connects a terminal, or a script, with the serial console of a guest.
package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	gorilla "github.com/gorilla/websocket"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/transport/websocket"
	"k8s.io/streaming/pkg/httpstream"
)

const (
	// subprotocol is how KubeVirt's servers and clients call a websocket of raw bytes.
	subprotocol = "plain.kubevirt.io"
	// dialTimeout bounds one attempt. kube-apiserver itself waits up to 30 s for a server behind it.
	dialTimeout = 40 * time.Second
)

// Dialer opens a websocket to a console.
type Dialer func(context.Context) (*gorilla.Conn, error)

// NewDialer returns a Dialer for address with the authentication, trust and proxy of config. Its errors are those of
// the server's Status where there is one.
func NewDialer(config *rest.Config, address *url.URL) Dialer {
	return func(ctx context.Context) (*gorilla.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, dialTimeout)
		defer cancel()
		// A round tripper holds the connection that it made, so each attempt has its own.
		transport, holder, err := websocket.RoundTripperFor(config)
		if err != nil {
			return nil, fmt.Errorf("load kubeconfig: %w", err)
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
		if err != nil {
			return nil, fmt.Errorf("make request: %w", err)
		}
		conn, err := websocket.Negotiate(transport, holder, req, subprotocol)
		if err != nil {
			return nil, dialError(address, err)
		}
		return conn, nil
	}
}

// dialError takes the server's answer out of err; what never reached a server names the address, as net/http does.
func dialError(address *url.URL, err error) error {
	var refused *httpstream.UpgradeFailureError
	if !errors.As(err, &refused) {
		return &url.Error{Op: http.MethodGet, URL: address.String(), Err: err}
	}
	var status apierrors.APIStatus
	if errors.As(refused.Cause, &status) {
		return refused.Cause
	}
	return fmt.Errorf("connect to console: %w", refused.Cause)
}
