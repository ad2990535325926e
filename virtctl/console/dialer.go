// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package console connects a terminal, or a script, with the serial console of a guest.
package console

import (
	"context"
	"net/url"

	"k8s.io/client-go/rest"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/virtctl/tunnel"
)

// Dialer opens a websocket to a console, whose output goes on at the position if the server can do that.
type Dialer func(context.Context, Position) (*Line, error)

// NewDialer returns a Dialer for address with the authentication, trust and proxy of config. A server's refusal comes
// as an apierrors.APIStatus, whatever form it has.
func NewDialer(config *rest.Config, address *url.URL) Dialer {
	return func(ctx context.Context, at Position) (*Line, error) {
		place := *address
		query := place.Query()
		query.Set(v1.ConsolePosition, at.String())
		place.RawQuery = query.Encode()
		conn, header, err := tunnel.Dial(ctx, config, &place)
		if err != nil {
			return nil, err
		}
		return &Line{Conn: conn, At: parsePosition(header.Get(v1.ConsolePositionHeader))}, nil
	}
}
