// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package probe has the guest's agent answer the probes of the launcher's pod: the kubelet runs the
// launcher's program as a client, which asks the launcher over a socket that only the pod can reach.
package probe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"k8s.io/klog/v2"

	"github.com/virtplane/virtplane/launcher/agent"
)

const (
	// Socket is where the launcher answers.
	Socket = "/var/run/kubevirt-private/agent-probe"
	// maxProbes are asked at once; a pod has two.
	maxProbes = 4
	// maxRequest caps a request in bytes: a pod's command is far below.
	maxRequest = 1 << 20
	// requestTime is how long a client may take to say what it wants.
	requestTime = 5 * time.Second
	// longest is the longest timeout of a probe.
	longest = time.Hour
)

// request is what a client asks, as one line of JSON.
type request struct {
	// Command is run in the guest; without one the agent is only asked for an answer.
	Command []string `json:"command,omitempty"`
	// Timeout is how long the answer may take.
	Timeout time.Duration `json:"timeout"`
	// ToleratePause counts a guest as well whose CPUs are stopped.
	ToleratePause bool `json:"toleratePause,omitempty"`
}

// response is the answer, as JSON.
type response struct {
	// Code is the exit code of the command.
	Code   int    `json:"code"`
	Output string `json:"output,omitempty"`
	// Error is why there is no exit code.
	Error string `json:"error,omitempty"`
}

// Guest is who is asked.
type Guest interface {
	Ping(ctx context.Context) error
	Exec(ctx context.Context, command []string) (code int, output string, err error)
	Frozen() bool
}

// Server answers probes.
type Server struct {
	listener *net.UnixListener
	// guest returns nil before the guest runs.
	guest func() Guest
}

// Listen makes the socket.
func Listen(socket string, guest func() Guest) (*Server, error) {
	if err := os.Remove(socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("listen for probes: %w", err)
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("listen for probes: %w", err)
	}
	return &Server{listener: listener, guest: guest}, nil
}

// Run answers until ctx ends.
func (s *Server) Run(ctx context.Context) {
	defer context.AfterFunc(ctx, func() { s.listener.Close() })()
	slots := make(chan struct{}, maxProbes)
	for {
		conn, err := s.listener.AcceptUnix()
		if err != nil {
			if ctx.Err() == nil {
				klog.FromContext(ctx).Error(err, "Probes by the guest agent are not answered any more")
			}
			return
		}
		slots <- struct{}{}
		go func() {
			defer func() { <-slots }()
			defer conn.Close()
			s.serve(ctx, conn)
		}()
	}
}

func (s *Server) serve(ctx context.Context, conn *net.UnixConn) {
	if err := conn.SetDeadline(time.Now().Add(requestTime)); err != nil {
		return
	}
	var asked request
	if err := json.NewDecoder(io.LimitReader(conn, maxRequest)).Decode(&asked); err != nil {
		_ = json.NewEncoder(conn).Encode(response{Error: "read probe: " + err.Error()})
		return
	}
	limit := min(max(asked.Timeout, time.Second), longest)
	if err := conn.SetDeadline(time.Now().Add(limit + requestTime)); err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	// A client that is gone was killed by its kubelet, which counts that as a failure.
	_ = json.NewEncoder(conn).Encode(answer(ctx, s.guest(), asked))
}

// answer asks the guest.
func answer(ctx context.Context, guest Guest, asked request) response {
	if guest == nil {
		return response{Error: "the guest does not run yet"}
	}
	var r response
	var err error
	switch {
	case len(asked.Command) == 0:
		err = guest.Ping(ctx)
	case guest.Frozen():
		// The agent refuses to run anything, on the order of whoever makes a snapshot.
		return response{Output: "the guest's file systems are frozen; it is not asked"}
	default:
		r.Code, r.Output, err = guest.Exec(ctx, asked.Command)
	}
	switch {
	case errors.Is(err, agent.ErrPaused) && asked.ToleratePause:
		return response{Output: "the guest is paused; it is not asked"}
	case err != nil:
		return response{Error: err.Error()}
	}
	return r
}
