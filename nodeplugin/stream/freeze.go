// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/session"
)

// freeze has a guest hold back writes to its file systems. The launcher thaws them in time, whatever
// happens to this process meanwhile.
func (s *Server) freeze(w http.ResponseWriter, r *http.Request) {
	guest, ok := s.lookup(w, r)
	if !ok {
		return
	}
	options, err := freezeOptions(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		writeError(w, err)
		return
	}
	if err := askAgent(r.Context(), guest, session.VerbFreeze, "VM is not running", options, nil); err != nil {
		s.recorder.Event(subject(guest.Volume), corev1.EventTypeWarning, "FreezeError", "Failed to freeze VMI: "+err.Error())
		writeError(w, err)
	}
}

// freezeOptions reads the body of a request.
func freezeOptions(body io.Reader) (session.FreezeOptions, error) {
	var given v1.FreezeUnfreezeTimeout
	if err := json.NewDecoder(body).Decode(&given); err != nil && !errors.Is(err, io.EOF) {
		return session.FreezeOptions{}, apierrors.NewBadRequest("options cannot be read: " + err.Error())
	}
	switch timeout := given.UnfreezeTimeout; {
	case timeout == nil:
		return session.FreezeOptions{}, apierrors.NewBadRequest(
			"Unfreeze timeout in freeze request is not set; give unfreezeTimeout, such as 5m, or 0s for no limit")
	case timeout.Duration < 0:
		return session.FreezeOptions{}, apierrors.NewBadRequest("unfreezeTimeout: must not be negative")
	default:
		return session.FreezeOptions{ThawAfterSeconds: int64((timeout.Duration + time.Second - 1) / time.Second)}, nil
	}
}

// unfreeze lets a guest write again.
func (s *Server) unfreeze(w http.ResponseWriter, r *http.Request) {
	guest, ok := s.lookup(w, r)
	if !ok {
		return
	}
	if err := askAgent(r.Context(), guest, session.VerbUnfreeze, "VMI is not running", nil, nil); err != nil {
		writeError(w, err)
	}
}
