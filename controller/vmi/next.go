// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package vmi gives each VirtualMachineInstance its launcher pod and tells in its status how far the
// pod has come, until the node's plugin takes over. Next decides, without clock, randomness or I/O;
// Reconciler gathers the state and performs the effects.
//
// A pod belongs to an instance only if this package has created it and recorded its UID in
// status.activePods. The node plugin starts a guest for no other pod, and the record is written with
// the version of the instance that the decision was made on. So a guest runs at most once, however
// stale a cache, and a pod that merely claims to belong to an instance gets nothing.
package vmi

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

const (
	// settleTime is what a scheduler gets to bind a new pod before the status says Scheduling. It
	// takes a few milliseconds most often, and one write tells both then.
	settleTime = 250 * time.Millisecond

	// reportTime is what the node plugin gets to report how the guest ended, after the launcher has.
	// The kubelet's times are in whole seconds.
	reportTime = 2 * time.Second

	// rejectTime spaces the pods made for an instance whose pods the kubelet does not admit, which
	// happens while a node's plugin has not registered its devices.
	rejectTime = 3 * time.Second

	// lingerTime is what a launcher gets to exit after its guest has ended, before its pod is deleted.
	lingerTime = 60 * time.Second

	// lostTime is how long a pod may be overdue with its deletion before the node is looked at again.
	lostTime = 15 * time.Second

	// graceMargin is what the kubelet gives a launcher on top of the guest's grace period.
	graceMargin = 15
)

// State is all that the next step of an instance depends on.
type State struct {
	// VMI is the instance.
	VMI *v1.VirtualMachineInstance
	// Pods are the pods whose controller is the instance, by UID.
	Pods []*corev1.Pod
	// Created is the pod that this process has created and not recorded yet; empty when none.
	Created types.UID
	// CreatedAt is when it did.
	CreatedAt time.Time
	// NodeLost tells that the node of the instance does not answer or is gone.
	NodeLost bool
	// Now is the time.
	Now time.Time
	// Image is what launchers run now.
	Image string
	// Overhead is the memory that the pod has beside the guest's.
	Overhead resource.Quantity
	// StartupProblem is what the kubelet says of a pod whose containers do not come up; nil when
	// nothing is known.
	StartupProblem *Problem
	// CreateFailure is why the pod could not be created just now; empty when it could.
	CreateFailure string
}

// Problem is something that keeps a pod from starting.
type Problem struct {
	// Reason is one CamelCase word.
	Reason string
	// Message is a sentence for people.
	Message string
}

// Effects are what shall be done: CreatePod before the status is written, the others after it.
type Effects struct {
	// CreatePod asks for the launcher pod.
	CreatePod bool
	// DeletePods asks for the deletion of pods.
	DeletePods []Deletion
	// RemoveFinalizer lets the instance go.
	RemoveFinalizer bool
	// LookForProblem asks for what the kubelet says of the pod, for StartupProblem; empty when it
	// does not matter.
	LookForProblem types.UID
	// Event is to be told to users; nil when nothing is.
	Event *Event
	// RequeueAfter asks to be called again after that time; zero when only a change matters.
	RequeueAfter time.Duration
}

// Deletion is a pod to delete.
type Deletion struct {
	Pod *corev1.Pod
	// Grace is the grace period in seconds; nil for the pod's own.
	Grace *int64
	// Stranger tells that the pod is not recorded, which must be made sure of before.
	Stranger bool
}

// Event is something to tell users.
type Event struct {
	Type, Reason, Message string
}

// step is one call of Next on its way.
type step struct {
	State
	// pod is the recorded pod; nil when there is none.
	pod *corev1.Pod
	// strangers are pods that claim to belong to the instance.
	strangers []*corev1.Pod
	status    *v1.VirtualMachineInstanceStatus
	effects   Effects
}

// Next returns the status and what shall be done. It changes nothing that state points to.
func Next(state State) (v1.VirtualMachineInstanceStatus, Effects) {
	s := &step{State: state, status: state.VMI.Status.DeepCopy()}
	for _, pod := range state.Pods {
		if s.recorded(pod.UID) || pod.UID == state.Created {
			s.pod = pod
		} else {
			s.strangers = append(s.strangers, pod)
		}
	}
	switch {
	case state.VMI.DeletionTimestamp != nil:
		s.end()
	case state.VMI.IsFinal():
		s.reap()
	default:
		s.live()
	}
	s.stampPhase()
	return *s.status, s.effects
}

func (s *step) recorded(uid types.UID) bool {
	_, ok := s.VMI.Status.ActivePods[uid]
	return ok
}

// stampPhase notes when the phase began.
func (s *step) stampPhase() {
	if s.status.Phase == s.VMI.Status.Phase {
		return
	}
	if len(s.status.PhaseTransitionTimestamps) == 0 && s.VMI.Status.Phase == v1.Pending {
		s.status.PhaseTransitionTimestamps = []v1.VirtualMachineInstancePhaseTransitionTimestamp{
			{Phase: v1.Pending, PhaseTransitionTimestamp: s.VMI.CreationTimestamp}}
	}
	s.status.PhaseTransitionTimestamps = append(s.status.PhaseTransitionTimestamps,
		v1.VirtualMachineInstancePhaseTransitionTimestamp{
			Phase: s.status.Phase, PhaseTransitionTimestamp: metav1.Time{Time: s.Now}})
}

// since returns how long ago the phase began; zero when that was not noted.
func (s *step) since(phase v1.VirtualMachineInstancePhase) time.Duration {
	for _, t := range s.VMI.Status.PhaseTransitionTimestamps {
		if t.Phase == phase {
			return s.Now.Sub(t.PhaseTransitionTimestamp.Time)
		}
	}
	return 0
}

func (s *step) requeueAfter(d time.Duration) {
	if s.effects.RequeueAfter == 0 || d < s.effects.RequeueAfter {
		s.effects.RequeueAfter = d
	}
}
