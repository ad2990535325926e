// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"context"
	"errors"
	"io"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/subresource"
)

// textBuffer is how much of an answer is on its way, in bytes.
const textBuffer = 32 << 10

// text hands on what the plugin answers, as it comes, until stopping is closed. An answer that breaks off is
// no whole answer to the client either.
func (t *target) text(stopping <-chan struct{}) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		ctx, cancel := context.WithCancel(req.Context())
		defer cancel()
		go func() {
			select {
			case <-stopping:
				cancel()
			case <-ctx.Done():
			}
		}()
		resp, err := t.open(ctx, req.UserAgent())
		if err != nil {
			subresource.Refuse(req, err)
			return
		}
		defer resp.Body.Close()
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		if position := resp.Header.Get(v1.ConsolePositionHeader); position != "" {
			w.Header().Set(v1.ConsolePositionHeader, position)
		}
		w.WriteHeader(http.StatusOK)
		err = copyText(w, resp.Body)
		select {
		case <-stopping:
			// However the copy has ended: it is this server that ends it, not the guest.
			panic(http.ErrAbortHandler)
		default:
		}
		if err != nil && req.Context().Err() == nil {
			panic(http.ErrAbortHandler)
		}
	})
}

func (t *target) open(ctx context.Context, userAgent string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.url.String(), nil)
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	// The plugin knows this server by its certificate; what identifies the user stays here.
	req.Header.Set("User-Agent", userAgent)
	resp, err := handshake{t.transport}.RoundTrip(req)
	if err != nil {
		return nil, t.unreachable(err)
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		return nil, t.refusal(resp)
	}
	return resp, nil
}

func copyText(w http.ResponseWriter, body io.Reader) error {
	control := http.NewResponseController(w)
	buffer := make([]byte, textBuffer)
	for {
		if err := control.Flush(); err != nil {
			return err
		}
		n, err := body.Read(buffer)
		if _, err := w.Write(buffer[:n]); err != nil {
			return err
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
