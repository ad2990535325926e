// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/session"
	"github.com/virtplane/virtplane/nodeplugin/console"
	"github.com/virtplane/virtplane/nodeplugin/domain"
)

const (
	// subprotocol is KubeVirt's: binary messages carry the bytes, text messages mean nothing.
	subprotocol = "plain.kubevirt.io"
	// readBuffer and writeBuffer are for keystrokes and output, in bytes: nobody types much at once.
	readBuffer  = 4 << 10
	writeBuffer = 32 << 10
	// maxMessage caps a message of keystrokes in bytes: somebody may paste a file.
	maxMessage = 1 << 20
)

var upgrader = websocket.Upgrader{
	ReadBufferSize: readBuffer, WriteBufferSize: writeBuffer, WriteBufferPool: &sync.Pool{},
	Subprotocols: []string{subprotocol},
	// The client is virt-apiserver, which has dealt with browsers.
	CheckOrigin: func(*http.Request) bool { return true },
}

// console connects a viewer with the guest's serial port. All checks come before the upgrade, so
// that they end in an ordinary HTTP error.
func (s *Server) console(w http.ResponseWriter, r *http.Request) {
	guest, ok := s.lookup(w, r)
	if !ok {
		return
	}
	switch guest.State() {
	case session.StateFailed:
		writeError(w, conflict(guest.Volume.Instance, "VMI is in failed status"))
		return
	case session.StateShutdown:
		writeError(w, apierrors.NewBadRequest("VMI is not running"))
		return
	}
	wish, err := parseWish(r.URL.Query())
	if err != nil {
		writeError(w, err)
		return
	}
	viewer, err := wish.view(guest)
	switch {
	case errors.Is(err, console.ErrTooManyViewers):
		writeError(w, apierrors.NewTooManyRequests(err.Error(), 10))
		return
	case err != nil:
		writeError(w, apierrors.NewBadRequest("VMI is not running"))
		return
	}
	defer viewer.Close()
	conn, err := upgrader.Upgrade(w, r, http.Header{
		v1.ConsolePositionHeader: {position(guest.Volume.InstanceUID, viewer.Start())},
	})
	if err != nil {
		return // the upgrader has answered
	}
	defer conn.Close()
	ctx := r.Context()
	logger := klog.FromContext(ctx).WithValues("vmi", guest.Volume.Ref())
	logger.V(2).Info("Console opened", "readOnly", wish.readOnly)
	err = attach(ctx, conn, viewer, wish, calm)
	logger.V(2).Info("Console closed", "reason", err)
}

// wish is what a viewer asks for.
type wish struct {
	readOnly bool
	// tracks is set for a viewer that counts what it gets: it hears of what was skipped beside the output.
	tracks bool
	at     place
}

// place is where a viewer was.
type place struct {
	given bool
	// run is empty for a viewer that was nowhere yet.
	run    types.UID
	offset uint64
}

// position is how a place is written.
func position(run types.UID, offset uint64) string { return fmt.Sprintf("%s:%d", run, offset) }

func parsePosition(query url.Values) (place, error) {
	at := place{given: query.Has(v1.ConsolePosition)}
	text := query.Get(v1.ConsolePosition)
	if text == "" {
		return at, nil
	}
	run, offset, _ := strings.Cut(text, ":")
	n, err := strconv.ParseUint(offset, 10, 64)
	if err != nil {
		return at, apierrors.NewBadRequest(fmt.Sprintf("%s: %q is not RUN:OFFSET", v1.ConsolePosition, text))
	}
	at.run, at.offset = types.UID(run), n
	return at, nil
}

func parseWish(query url.Values) (w wish, err error) {
	if w.readOnly, err = boolOf(query, v1.ConsoleReadOnly); err != nil {
		return w, err
	}
	w.at, err = parsePosition(query)
	w.tracks = w.at.given
	return w, err
}

func (w wish) view(guest *domain.Guest) (*console.Viewer, error) {
	if w.at.run != "" && w.at.run == guest.Volume.InstanceUID {
		return guest.Console().Resume(w.at.offset)
	}
	return guest.Console().View()
}

func boolOf(query url.Values, name string) (bool, error) {
	value := query.Get(name)
	if value == "" {
		return false, nil
	}
	parsed, err := strconv.ParseBool(value)
	if err != nil {
		return false, apierrors.NewBadRequest(fmt.Sprintf("%s: %q is neither true nor false", name, value))
	}
	return parsed, nil
}

// pace is how often a viewer is asked whether it is there.
type pace struct {
	// ping keeps idle connections open in proxies.
	ping time.Duration
	// pong is how long a viewer may stay silent, or take to accept a message. After that it is gone, even
	// if nobody has closed its connection.
	pong time.Duration
}

var calm = pace{ping: 20 * time.Second, pong: 65 * time.Second}

// ping asks the viewer whether it is there until ctx ends.
func ping(ctx context.Context, conn *websocket.Conn, p pace) {
	tick := time.NewTicker(p.ping)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(p.pong)) != nil {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}
