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

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/session"
	"github.com/virtplane/virtplane/nodeplugin/volume"
)

const (
	// commandTimeout is how long a launcher may take; virt-apiserver waits 10 s for a node.
	commandTimeout = 5 * time.Second
	// maxBody caps a request's body in bytes; options have some ten.
	maxBody = 64 << 10
)

// verb is something that the launcher does to its guest when asked.
type verb struct {
	name session.Verb
	// objection is why the verb does not fit the guest's state; empty when it does.
	objection func(session.State) string
	// event and message tell the owner that it was done.
	event, message string
}

// command serves the verb.
func (s *Server) command(v verb) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
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
		if message := v.objection(state); message != "" {
			writeError(w, conflict(guest.Volume.Instance, message))
			return
		}
		if dry {
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), commandTimeout)
		defer cancel()
		if err := guest.Do(ctx, v.name); err != nil {
			writeError(w, commandError(v.name, err))
			return
		}
		s.recorder.Event(subject(guest.Volume), corev1.EventTypeNormal, v.event, v.message)
	}
}

// subject is the instance of a volume, as far as an event needs it.
func subject(v volume.Volume) *v1.VirtualMachineInstance {
	return &v1.VirtualMachineInstance{ObjectMeta: metav1.ObjectMeta{Namespace: v.Namespace, Name: v.Instance, UID: v.InstanceUID}}
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
