// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"slices"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// takeRequests drops the requests at the head of the queue that are done or meant another instance.
func (s *step) takeRequests() {
	for len(s.status.StateChangeRequests) > 0 && s.done(s.status.StateChangeRequests[0]) {
		s.status.StateChangeRequests = s.status.StateChangeRequests[1:]
	}
	if len(s.status.StateChangeRequests) == 0 {
		s.status.StateChangeRequests = nil
	}
}

func (s *step) done(r v1.VirtualMachineStateChangeRequest) bool {
	switch r.Action {
	case v1.StopRequest:
		return s.vmi == nil || (r.UID != nil && *r.UID != s.vmi.UID)
	case v1.StartRequest:
		return s.vmi != nil && !s.vmi.IsFinal()
	}
	return true
}

// stopRequested tells that the instance shall stop next.
func (s *step) stopRequested() bool {
	requests := s.status.StateChangeRequests
	return len(requests) > 0 && requests[0].Action == v1.StopRequest
}

// startRequested returns the request to start next, or nil.
func (s *step) startRequested() *v1.VirtualMachineStateChangeRequest {
	requests := s.status.StateChangeRequests
	if len(requests) > 0 && requests[0].Action == v1.StartRequest {
		return &requests[0]
	}
	return nil
}

// dropRequests drops requests that the run strategy does not know.
func (s *step) dropRequests(action v1.StateChangeRequestAction) {
	s.status.StateChangeRequests = slices.DeleteFunc(s.status.StateChangeRequests,
		func(r v1.VirtualMachineStateChangeRequest) bool { return r.Action == action })
	if len(s.status.StateChangeRequests) == 0 {
		s.status.StateChangeRequests = nil
	}
}
