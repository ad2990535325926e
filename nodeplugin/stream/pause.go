// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/virtplane/virtplane/launcher/session"
)

const (
	// commandTimeout is how long a launcher may take; virt-apiserver waits 10 s for a node.
	commandTimeout = 5 * time.Second
	// maxBody caps a request's body in bytes; options have some ten.
	maxBody = 64 << 10
)

// pause stops the guest's CPUs.
func (s *Server) pause(w http.ResponseWriter, r *http.Request) {
	s.command(w, r, session.VerbPause, func(state session.State) string {
		switch state {
		case session.StateRunning:
			return ""
		case session.StatePaused:
			return "VMI is already paused"
		}
		return "VM is not running"
	})
}

// unpause lets the guest's CPUs go on.
func (s *Server) unpause(w http.ResponseWriter, r *http.Request) {
	s.command(w, r, session.VerbUnpause, func(state session.State) string {
		switch state {
		case session.StatePaused:
			return ""
		case session.StateRunning:
			return "VMI is not paused"
		}
		return "VMI is not running"
	})
}

// command has the launcher do verb unless objection has one to the guest's state.
func (s *Server) command(w http.ResponseWriter, r *http.Request, verb session.Verb, objection func(session.State) string) {
	guest, ok := s.lookup(w, r)
	if !ok {
		return
	}
	dry, err := dryRun(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		writeError(w, err)
		return
	}
	state := guest.State()
	if state == "" {
		writeError(w, apierrors.NewServiceUnavailable("the launcher has not reported yet"))
		return
	}
	if message := objection(state); message != "" {
		writeError(w, conflict(guest.Volume.Instance, message))
		return
	}
	if dry {
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), commandTimeout)
	defer cancel()
	if err := guest.Do(ctx, verb); err != nil {
		writeError(w, commandError(err))
	}
}

// dryRun tells whether the options in body ask to change nothing.
func dryRun(body io.Reader) (bool, error) {
	var options struct {
		DryRun []string `json:"dryRun"`
	}
	err := json.NewDecoder(body).Decode(&options)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, apierrors.NewBadRequest("options cannot be read: " + err.Error())
	}
	return slices.Contains(options.DryRun, metav1.DryRunAll), nil
}
