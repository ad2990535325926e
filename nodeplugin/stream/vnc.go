// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"net"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/klog/v2"

	"github.com/virtplane/virtplane/launcher/session"
	"github.com/virtplane/virtplane/nodeplugin/volume"
)

const (
	// openTimeout is how long a launcher may take to open a stream; virt-apiserver waits 10 s for a node.
	openTimeout = 5 * time.Second
	// screenStall is how long a viewer may take to accept a piece of the screen.
	screenStall = time.Minute
	// screenOver is what a viewer is told when QEMU has closed the connection.
	screenOver = "the screen is gone: the guest has stopped or moves"
)

// screen is what a viewer needs of a guest.
type screen interface {
	State() session.State
	Open(ctx context.Context, verb session.Verb, arguments any) (net.Conn, error)
}

// vnc connects a viewer with the guest's screen.
func (s *Server) vnc(w http.ResponseWriter, r *http.Request) {
	if guest, ok := s.lookup(w, r); ok {
		s.watch(w, r, guest.Volume, guest)
	}
}

// watch serves one viewer. All checks come before the upgrade, so that they end in an ordinary HTTP error.
func (s *Server) watch(w http.ResponseWriter, r *http.Request, v volume.Volume, guest screen) {
	if err := showing(guest); err != nil {
		writeError(w, err)
		return
	}
	query := r.URL.Query()
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	viewer, err := s.audience.join(v.ID, query.Get("preserveSession") == "true", cancel)
	if err != nil {
		writeError(w, err)
		return
	}
	defer s.audience.leave(viewer)
	conn, err := openStream(ctx, guest, session.VerbVNC, nil)
	if err != nil {
		writeError(w, err)
		return
	}
	defer conn.Close()
	client, err := relayUpgrader.Upgrade(w, r, nil)
	if err != nil {
		return // the upgrader has answered
	}
	defer client.Close()
	if query.Get("exclusive") == "true" {
		s.audience.dismissOthers(viewer)
	}
	m := meter{kindVNC}
	m.open()
	defer m.close()
	logger := klog.FromContext(ctx).WithValues("vmi", v.Ref())
	logger.V(2).Info("Screen opened")
	picture := relay{client: client, guest: conn, pace: calm, stall: screenStall, over: screenOver, meter: m}
	logger.V(2).Info("Screen closed", "reason", picture.run(ctx))
}

// showing tells why there is no screen to look at now.
func showing(guest screen) error {
	switch guest.State() {
	case session.StateRunning, session.StatePaused:
		return nil
	case "":
		return apierrors.NewServiceUnavailable("the launcher has not reported yet")
	}
	return apierrors.NewBadRequest("VMI is not running")
}

// openStream has the launcher open a stream.
func openStream(ctx context.Context, guest screen, verb session.Verb, arguments any) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	conn, err := guest.Open(ctx, verb, arguments)
	if err != nil {
		return nil, commandError(verb, err)
	}
	stream, err := newHanded(conn)
	if err != nil {
		conn.Close()
		return nil, apierrors.NewInternalError(err)
	}
	return stream, nil
}
