// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/virtplane/virtplane/launcher/session"
)

const (
	// maxPicture caps a picture in bytes; virt-apiserver takes no more.
	maxPicture = 16 << 20
	// maxPictures are on their way at once on a node: each is held whole until it is known to be one.
	maxPictures = 4
	// pictureWait is how long one waits for others.
	pictureWait = time.Second
	// pictureTimeout is how long a picture may take, from the launcher's first byte to its last.
	pictureTimeout = 3 * time.Second
)

var (
	pngStart = []byte("\x89PNG\r\n\x1a\n")
	// pngEnd is the last chunk of every PNG.
	pngEnd = []byte("\x00\x00\x00\x00IEND\xaeB`\x82")
)

// screenshot answers a picture of the guest's screen.
func (s *Server) screenshot(w http.ResponseWriter, r *http.Request) {
	if guest, ok := s.lookup(w, r); ok {
		s.photograph(w, r, guest)
	}
}

func (s *Server) photograph(w http.ResponseWriter, r *http.Request, guest screen) {
	if err := showing(guest); err != nil {
		writeError(w, err)
		return
	}
	select {
	case s.pictures <- struct{}{}:
		defer func() { <-s.pictures }()
	case <-time.After(pictureWait):
		writeError(w, apierrors.NewTooManyRequests("the node is busy taking pictures of screens", 1))
		return
	case <-r.Context().Done():
		return
	}
	options := session.Screenshot{MoveCursor: r.URL.Query().Get("moveCursor") == "true"}
	picture, err := takePicture(r.Context(), guest, options)
	if err != nil {
		writeError(w, err)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	// The client may be gone; there is nobody else to tell.
	_, _ = w.Write(picture)
}

// takePicture reads a picture from the launcher, which may send anything.
func takePicture(ctx context.Context, guest screen, options session.Screenshot) ([]byte, error) {
	conn, err := openStream(ctx, guest, session.VerbScreenshot, options)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(pictureTimeout)); err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	unblock := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Now()) })
	defer unblock()
	picture, err := io.ReadAll(io.LimitReader(conn, maxPicture+1))
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = fmt.Errorf("read picture of the screen: the launcher did not send it within %s", pictureTimeout)
	case err != nil:
		err = fmt.Errorf("read picture of the screen: %w", err)
	case len(picture) > maxPicture:
		err = fmt.Errorf("read picture of the screen: it has more than %d bytes", maxPicture)
	case !bytes.HasPrefix(picture, pngStart) || !bytes.HasSuffix(picture, pngEnd):
		err = errors.New("read picture of the screen: the launcher sent no whole PNG")
	default:
		return picture, nil
	}
	return nil, apierrors.NewInternalError(err)
}
