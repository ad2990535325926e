// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/virtctl/tunnel"
)

// Log is the log of a console on its way.
type Log struct {
	io.ReadCloser
	// At is where it begins.
	At Position
}

// OpenLog asks for the log at address, from a position on if the server can do that. A server's refusal comes as an
// apierrors.APIStatus, whatever form it has.
func OpenLog(ctx context.Context, config *rest.Config, address *url.URL, at Position) (*Log, error) {
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("load kubeconfig: %w", err)
	}
	place := *address
	query := place.Query()
	query.Set(v1.ConsolePosition, at.String())
	place.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, place.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("User-Agent", config.UserAgent)
	answer, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		defer answer.Body.Close()
		return nil, tunnel.Refusal(answer)
	}
	return &Log{answer.Body, parsePosition(answer.Header.Get(v1.ConsolePositionHeader))}, nil
}

// Follower copies a log to its end.
type Follower struct {
	// Open asks for the log, from a position on.
	Open func(context.Context, Position) (*Log, error)
	Out  io.Writer
	// Notices is where everything goes that is not the guest's.
	Notices io.Writer
	// Patience is for how long a log that broke off is asked for again.
	Patience time.Duration
}

// Copy copies first and, where that breaks off, what follows it.
func (f *Follower) Copy(ctx context.Context, first *Log) error {
	log := first
	for {
		at := log.At
		n, err := io.Copy(f.Out, log)
		log.Close()
		at.Offset += uint64(n)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil:
			return nil
		case at.Run == "":
			return fmt.Errorf("the log breaks off: %w", err)
		}
		fmt.Fprintf(f.Notices, "The log breaks off (%v). Asking for the rest.\n", err)
		if log, err = f.reopen(ctx, at); err != nil {
			return err
		}
		if log.At.Run == at.Run && log.At.Offset > at.Offset {
			fmt.Fprintf(f.Notices, "[%d bytes of output skipped]\n", log.At.Offset-at.Offset)
		}
	}
}

// reopen asks until there is an answer, a reason why there will be none, or no patience left.
func (f *Follower) reopen(ctx context.Context, at Position) (*Log, error) {
	for begin := time.Now(); ; {
		log, err := f.Open(ctx, at)
		var status apierrors.APIStatus
		refused := errors.As(err, &status) && status.Status().Code < http.StatusInternalServerError &&
			status.Status().Code != http.StatusTooManyRequests
		if err == nil || ctx.Err() != nil || refused || time.Since(begin) > f.Patience {
			return log, err
		}
		select {
		case <-time.After(retryInterval):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
