// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package vmi

import (
	"time"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/controller/reason"
)

const (
	// slowStart is how long a pod may take to start before its events are read. A volume that cannot
	// be mounted shows in events alone.
	slowStart = 15 * time.Second
	// slowStartAgain is how often they are read then.
	slowStartAgain = 30 * time.Second
)

// startupReasons are the kubelet's reasons for a container that does not start; the conditions with
// them are this package's, others of the same type are the plugin's.
var startupReasons = map[string]bool{
	reason.ErrImagePull:          true,
	reason.ImagePullBackOff:      true,
	reason.ErrImageNeverPull:     true,
	reason.InvalidImageName:      true,
	reason.RegistryUnavailable:   true,
	"ImageInspectError":          true,
	"SignatureValidationFailed":  true,
	"CreateContainerConfigError": true,
	"CreateContainerError":       true,
	"PreStartHookError":          true,
	"RunContainerError":          true,
	"StartError":                 true,
	"FailedMount":                true,
	"FailedAttachVolume":         true,
	"FailedCreatePodSandBox":     true,
}

// startupProblem shows why the launcher does not start.
func (s *step) startupProblem(p *Problem) {
	before := s.VMI.Condition(v1.VirtualMachineInstanceSynchronized)
	// The kubelet alternates between the two words for as long as an image cannot be pulled.
	if before != nil && before.Reason == reason.ImagePullBackOff && p.Reason == reason.ErrImagePull {
		return
	}
	s.setCondition(v1.VirtualMachineInstanceSynchronized, v1.ConditionFalse, p.Reason, p.Message)
	if p == s.StartupProblem {
		s.requeueAfter(slowStartAgain)
	}
}

// clearStartupProblem takes back what startupProblem and replace have shown.
func (s *step) clearStartupProblem() {
	c := s.VMI.Condition(v1.VirtualMachineInstanceSynchronized)
	if c != nil && c.Status == v1.ConditionFalse && (startupReasons[c.Reason] || admissionReasons[c.Reason]) {
		s.removeCondition(v1.VirtualMachineInstanceSynchronized)
	}
}

// lookForProblem asks for the pod's events when it takes too long to start.
func (s *step) lookForProblem() {
	age := s.since(v1.Scheduled)
	if s.VMI.Status.Phase != v1.Scheduled {
		age = 0
	}
	if age < slowStart {
		s.requeueAfter(slowStart - age)
		return
	}
	s.effects.LookForProblem = s.pod.UID
	s.requeueAfter(slowStartAgain)
}
