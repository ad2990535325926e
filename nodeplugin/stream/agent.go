// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/guestinfo"
	"github.com/virtplane/virtplane/launcher/session"
	"github.com/virtplane/virtplane/nodeplugin/domain"
)

// agentTimeout is how long a guest's agent may take; the launcher gives up a second before, and
// virt-apiserver a second later.
const agentTimeout = 9 * time.Second

// question is something that a guest's agent is asked for.
type question struct {
	verb session.Verb
	kind string
	// answer returns an empty answer, bound keeps a full one within its caps.
	answer func() runtime.Object
	bound  func(runtime.Object)
}

var questions = []question{
	{
		session.VerbGuestInfo, "VirtualMachineInstanceGuestAgentInfo",
		func() runtime.Object { return &v1.VirtualMachineInstanceGuestAgentInfo{} },
		func(o runtime.Object) { guestinfo.BoundInfo(o.(*v1.VirtualMachineInstanceGuestAgentInfo)) },
	},
	{
		session.VerbUsers, "VirtualMachineInstanceGuestOSUserList",
		func() runtime.Object { return &v1.VirtualMachineInstanceGuestOSUserList{} },
		func(o runtime.Object) { guestinfo.BoundUsers(o.(*v1.VirtualMachineInstanceGuestOSUserList)) },
	},
	{
		session.VerbFilesystems, "VirtualMachineInstanceFileSystemList",
		func() runtime.Object { return &v1.VirtualMachineInstanceFileSystemList{} },
		func(o runtime.Object) { guestinfo.BoundFilesystems(o.(*v1.VirtualMachineInstanceFileSystemList)) },
	},
}

// query serves a question. The launcher's answer is bounded once more: it is not trusted.
func (s *Server) query(q question) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		guest, ok := s.lookup(w, r)
		if !ok {
			return
		}
		answer := q.answer()
		if err := askAgent(r.Context(), guest, q.verb, "VMI is not running", nil, answer); err != nil {
			writeError(w, err)
			return
		}
		q.bound(answer)
		answer.GetObjectKind().SetGroupVersionKind(v1.SchemeGroupVersion.WithKind(q.kind))
		w.Header().Set("Content-Type", "application/json")
		// The client may be gone; there is nobody else to tell.
		_ = json.NewEncoder(w).Encode(answer)
	}
}

// askAgent has the guest's agent carry out verb. The answer to a guest that does not run is notRunning.
func askAgent(ctx context.Context, guest *domain.Guest, verb session.Verb, notRunning string, arguments, answer any) error {
	name := guest.Volume.Instance
	switch guest.State() {
	case "":
		return apierrors.NewServiceUnavailable("the launcher has not reported yet")
	case session.StateRunning:
	case session.StatePaused:
		return conflict(name, "VMI is paused")
	default:
		return conflict(name, notRunning)
	}
	ctx, cancel := context.WithTimeout(ctx, agentTimeout)
	defer cancel()
	err := guest.Ask(ctx, verb, arguments, answer)
	result, err := agentResult(name, verb, err)
	agentCommands.WithLabelValues(string(verb), result).Inc()
	return err
}

// agentResult tells in a word what a command ended with, and translates its error.
func agentResult(name string, verb session.Verb, err error) (string, error) {
	var refused domain.CommandError
	switch {
	case err == nil:
		return "ok", nil
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout", commandError(verb, err)
	case !errors.As(err, &refused):
		return "error", commandError(verb, err)
	}
	switch string(refused) {
	case session.AgentNotConnected:
		return "not_connected", conflict(name, "VMI does not have guest agent connected")
	case session.AgentSilent:
		return "silent", commandError(verb, err)
	case session.AgentBusy:
		return "busy", apierrors.NewTooManyRequests(session.AgentBusy, 1)
	}
	return "refused", commandError(verb, err)
}
