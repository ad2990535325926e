// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/klog/v2"

	"github.com/virtplane/virtplane/nodeplugin/domain"
	"github.com/virtplane/virtplane/nodeplugin/volume"
)

const (
	// dialTimeout is how long a guest may take to accept a connection; virt-apiserver waits 10 s for a node.
	dialTimeout = 8 * time.Second
	// forwardStall is how long a client may take to accept data: somebody may have stopped a transfer for
	// a moment.
	forwardStall = 5 * time.Minute
	// flowIdle is after how long without a datagram a flow ends. Clients open another for the next one.
	flowIdle = 5 * time.Minute
	// maxForwards caps the connections that are forwarded to one guest at once.
	maxForwards = 256
)

// forwardPace is that of clients which forward bytes of other programs. One that does not read answers no
// pings.
var forwardPace = pace{ping: 20 * time.Second, pong: forwardStall}

// dialer connects with ports of a guest.
type dialer interface {
	Dial(ctx context.Context, protocol string, port uint16) (net.Conn, error)
}

// forwards counts the forwarded connections of each guest.
type forwards struct {
	// mu guards open, by volume.
	mu   sync.Mutex
	open map[string]int
}

// add counts one more unless there are too many.
func (f *forwards) add(volume string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.open == nil {
		f.open = map[string]int{}
	}
	if f.open[volume] >= maxForwards {
		return false
	}
	f.open[volume]++
	return true
}

func (f *forwards) remove(volume string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.open[volume]--; f.open[volume] == 0 {
		delete(f.open, volume)
	}
}

// portForward connects a client with a port of the guest.
func (s *Server) portForward(w http.ResponseWriter, r *http.Request) {
	if guest, ok := s.lookup(w, r); ok {
		s.forward(w, r, guest.Volume, guest)
	}
}

// forward serves one connection. It is made before the upgrade, so that a port that refuses is an
// ordinary HTTP error.
func (s *Server) forward(w http.ResponseWriter, r *http.Request, v volume.Volume, guest dialer) {
	protocol := r.PathValue("protocol")
	port, err := strconv.ParseUint(r.PathValue("port"), 10, 16)
	kind, known := map[string]string{"tcp": kindTCP, "udp": kindUDP}[protocol]
	if err != nil || port == 0 || !known {
		writeError(w, apierrors.NewBadRequest(fmt.Sprintf("portforward/%s/%s: use a port from 1 to 65535, and tcp or udp", r.PathValue("port"), protocol)))
		return
	}
	if !s.forwards.add(v.ID) {
		writeError(w, apierrors.NewTooManyRequests(fmt.Sprintf("%d connections are forwarded to the guest already; close some", maxForwards), 10))
		return
	}
	defer s.forwards.remove(v.ID)
	conn, err := dialGuest(r.Context(), guest, protocol, uint16(port))
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
	m := meter{kind}
	m.open()
	defer m.close()
	logger := klog.FromContext(r.Context()).WithValues("vmi", v.Ref(), "port", port, "protocol", protocol)
	logger.V(2).Info("Port forward opened")
	tunnel := relay{client: client, guest: conn, pace: forwardPace, stall: forwardStall, meter: m}
	if protocol == "udp" {
		tunnel.idle = flowIdle
	}
	logger.V(2).Info("Port forward closed", "reason", tunnel.run(r.Context()))
}

func dialGuest(ctx context.Context, guest dialer, protocol string, port uint16) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, err := guest.Dial(ctx, protocol, port)
	switch {
	case errors.Is(err, domain.ErrNotConnected):
		return nil, apierrors.NewServiceUnavailable(err.Error())
	case errors.Is(err, domain.ErrNoNetwork):
		return nil, apierrors.NewBadRequest(err.Error())
	case err != nil:
		return nil, apierrors.NewInternalError(fmt.Errorf("dialing VM: %w", err))
	}
	return conn, nil
}
