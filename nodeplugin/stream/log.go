// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/nodeplugin/console"
)

// logPatience is how long a reader of a log may take to accept a part of it: somebody may have it in a
// pager. It costs little, and what it misses meanwhile it is told.
const logPatience = 10 * time.Minute

// errGap says that a reader who counts has to ask again: the next answer begins behind what is missing.
var errGap = errors.New("some output is missing")

// pieces is output on its way to a reader.
type pieces interface {
	Start() uint64
	Next(context.Context) (console.Piece, error)
	Close()
}

// logRequest is which log is asked for, and which part of it.
type logRequest struct {
	query  console.Query
	tail   console.Tail
	follow bool
	// tracks is set for a reader that counts what it gets. Its answer breaks off where something is missing.
	tracks bool
}

// log answers with what is kept of a guest's serial output, as text.
func (s *Server) log(w http.ResponseWriter, r *http.Request) {
	request, err := parseLogRequest(r.URL.Query())
	if err != nil {
		writeError(w, err)
		return
	}
	name := types.NamespacedName{Namespace: r.PathValue("namespace"), Name: r.PathValue("name")}
	source, run, err := s.openLog(name, request)
	if err != nil {
		writeError(w, logError(name, request.query, err))
		return
	}
	defer source.Close()
	w.Header().Set("Content-Type", "text/plain")
	// What a guest says must not be taken for a page.
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set(v1.ConsolePositionHeader, position(run, source.Start()))
	w.WriteHeader(http.StatusOK)
	if err := copyLog(r.Context(), w, source, request.tracks); err != nil && r.Context().Err() == nil {
		klog.FromContext(r.Context()).V(2).Info("Console log breaks off", "vmi", klog.KRef(name.Namespace, name.Name), "err", err)
		// The reader must not take what it got for everything.
		panic(http.ErrAbortHandler)
	}
}

func parseLogRequest(query url.Values) (logRequest, error) {
	request := logRequest{query: console.Query{Owner: types.UID(query.Get("owner")), Run: types.UID(query.Get("run"))}}
	var err error
	if request.query.Previous, err = boolOf(query, "previous"); err != nil {
		return request, err
	}
	if request.follow, err = boolOf(query, "follow"); err != nil {
		return request, err
	}
	if request.tail.Bytes, err = numberOf(query, "tailBytes"); err != nil {
		return request, err
	}
	if request.tail.Lines, err = numberOf(query, "tailLines"); err != nil {
		return request, err
	}
	at, err := parsePosition(query)
	if err != nil {
		return request, err
	}
	if request.tracks = at.given; at.run != "" {
		request.query.Run, request.query.Previous, request.tail.From = at.run, false, &at.offset
	}
	return request, nil
}

// numberOf reads a query parameter that is a number or absent.
func numberOf(query url.Values, name string) (*int64, error) {
	value := query.Get(name)
	if value == "" {
		return nil, nil
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < 0 {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("%s: %q is not a number from 0 on", name, value))
	}
	return &n, nil
}

// openLog finds the log, of a guest that is there or of one that has ended, and the run that it is of.
func (s *Server) openLog(name types.NamespacedName, request logRequest) (pieces, types.UID, error) {
	q := request.query
	if guest := s.guests.Lookup(name); guest != nil && !q.Previous && guest.Volume.InstanceUID == q.Run {
		viewer, err := guest.Console().Read(request.tail, request.follow)
		if !errors.Is(err, console.ErrEnded) {
			return viewer, q.Run, err
		}
	}
	past, err := s.logs.Read(name, q, request.tail)
	if err != nil {
		return nil, "", err
	}
	return past, past.Run(), nil
}

func logError(name types.NamespacedName, q console.Query, err error) error {
	switch {
	case errors.Is(err, console.ErrTooManyViewers), errors.Is(err, console.ErrTooManyReaders):
		return apierrors.NewTooManyRequests(err.Error(), 10)
	case errors.Is(err, console.ErrNotKept):
		return apierrors.NewServiceUnavailable(err.Error())
	case errors.Is(err, console.ErrNoLog):
		status := notFound(name.Name).(*apierrors.StatusError)
		status.ErrStatus.Message = "this node keeps no log of the guest's serial console"
		if q.Previous {
			status.ErrStatus.Message = "this node keeps no log of the run before"
		}
		return status
	}
	return apierrors.NewInternalError(err)
}

// copyLog writes pieces as they come.
func copyLog(ctx context.Context, w http.ResponseWriter, source pieces, tracks bool) error {
	control := http.NewResponseController(w)
	// A reader hears at once that there is a log, even if it is empty.
	if err := control.Flush(); err != nil {
		return err
	}
	for {
		piece, err := source.Next(ctx)
		if errors.Is(err, io.EOF) {
			// The connection may serve other requests.
			return control.SetWriteDeadline(time.Time{})
		}
		switch {
		case err != nil:
			return err
		case tracks && piece.Skipped > 0:
			return errGap
		}
		if err := control.SetWriteDeadline(time.Now().Add(logPatience)); err != nil {
			return err
		}
		if _, err := io.WriteString(w, piece.Note()); err != nil {
			return err
		}
		if _, err := w.Write(piece.Output); err != nil {
			return err
		}
		if err := control.Flush(); err != nil {
			return err
		}
		if len(piece.Output) >= gathered {
			continue
		}
		select {
		case <-time.After(gather):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
