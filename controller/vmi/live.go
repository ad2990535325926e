// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package vmi

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/controller/reason"
)

// Reasons of Ready=False that come from the launcher pod while the guest runs.
const (
	reasonPodNotReady        = "PodNotReady"
	reasonContainersNotReady = "ContainersNotReady"
)

// podReasons are the reasons of Ready=False that the pod's readiness takes back while the guest runs.
// The plugin says Ready itself when the guest starts, unless there is a probe to wait for.
var podReasons = map[string]bool{
	reasonPodNotReady:        true,
	reasonContainersNotReady: true,
	v1.ReasonGuestNotRunning: true,

	v1.ReasonPodConditionMissing: true,
}

// live decides for an instance that has neither ended nor is being deleted.
func (s *step) live() {
	for _, pod := range s.strangers {
		if pod.DeletionTimestamp == nil {
			s.effects.DeletePods = append(s.effects.DeletePods, Deletion{Pod: pod, Stranger: true})
		}
	}
	pod := s.pod
	switch {
	case pod == nil && len(s.VMI.Status.ActivePods) > 0:
		s.fail(reason.PodGone, "the launcher pod is gone")
	case pod == nil && len(s.strangers) > 0:
		// A second pod is made when all older ones are gone.
	case pod == nil:
		s.create()
	case s.rejected():
		s.replace()
	case terminated(pod):
		s.ended()
	case pod.DeletionTimestamp != nil:
		s.terminating()
	case pod.Spec.NodeName == "":
		s.scheduling()
	case s.starting():
		s.scheduled()
	default:
		s.running()
	}
}

// starting tells that the plugin has not reported a guest yet.
func (s *step) starting() bool {
	switch s.VMI.Status.Phase {
	case v1.Unset, v1.Pending, v1.Scheduling, v1.Scheduled:
		return true
	}
	return false
}

func (s *step) create() {
	s.effects.CreatePod = true
	if s.status.Phase == v1.Unset {
		s.status.Phase = v1.Pending
	}
	if s.CreateFailure != "" {
		s.setCondition(v1.VirtualMachineInstanceSynchronized, v1.ConditionFalse, reason.FailedCreate, s.CreateFailure)
		s.setCondition(v1.VirtualMachineInstanceReady, v1.ConditionFalse, v1.ReasonPodNotExists, "there is no launcher pod")
	}
}

// rejected tells that the kubelet did not let the pod in, so that no guest has run in it.
func (s *step) rejected() bool {
	return s.starting() && s.pod.Status.Phase == corev1.PodFailed && launcher(s.pod) == nil && admissionReasons[s.pod.Status.Reason]
}

// admissionReasons are the kubelet's reasons for pods that it does not let in.
var admissionReasons = map[string]bool{
	"UnexpectedAdmissionError": true, // device plugins are not there yet, after a restart of the node or the kubelet
	"OutOfcpu":                 true,
	"OutOfmemory":              true,
	"OutOfpods":                true,
	"OutOfephemeral-storage":   true,
	"NodeAffinity":             true, // node labels are not there yet
	"NodeShutdown":             true,
	"TopologyAffinityError":    true,

	"OutOf" + v1.KVMResource:      true,
	"OutOf" + v1.TunResource:      true,
	"OutOf" + v1.VhostNetResource: true,
}

// replace makes room for another pod.
func (s *step) replace() {
	if wait := rejectTime - s.Now.Sub(s.pod.CreationTimestamp.Time); wait > 0 && s.pod.DeletionTimestamp == nil {
		s.requeueAfter(wait)
		return
	}
	// Once it is not recorded the pod is a stranger, and is deleted as one.
	s.status.Phase, s.status.NodeName, s.status.ActivePods = v1.Pending, "", nil
	s.setCondition(v1.VirtualMachineInstanceSynchronized, v1.ConditionFalse, s.pod.Status.Reason, s.pod.Status.Message)
	if s.pod.DeletionTimestamp == nil {
		s.effects.DeletePods = append(s.effects.DeletePods, Deletion{Pod: s.pod})
	}
}

// scheduling decides for a pod that waits for a node.
func (s *step) scheduling() {
	problem := unscheduled(s.pod)
	if wait := settleTime - s.Now.Sub(s.CreatedAt); problem == nil && s.pod.UID == s.Created && wait > 0 {
		s.requeueAfter(wait)
		return
	}
	if s.VMI.Status.NodeName != "" {
		return // an older copy of the pod
	}
	s.record(v1.Scheduling)
	if problem != nil {
		s.setCondition(v1.VirtualMachineInstancePodScheduled, v1.ConditionFalse, problem.Reason, problem.Message)
	}
}

// scheduled decides for a pod that has a node and whose guest does not run yet.
func (s *step) scheduled() {
	s.record(v1.Scheduled)
	s.removeCondition(v1.VirtualMachineInstancePodScheduled)
	if problem := waiting(s.pod); problem != nil {
		s.startupProblem(problem)
		return
	}
	if launcher(s.pod) != nil && launcher(s.pod).State.Running != nil {
		s.clearStartupProblem()
		return
	}
	if s.StartupProblem != nil {
		s.startupProblem(s.StartupProblem)
		return
	}
	s.lookForProblem()
}

// record notes the pod and how far it has come; nothing changes when it was noted before.
func (s *step) record(phase v1.VirtualMachineInstancePhase) {
	s.status.Phase = phase
	s.status.NodeName = s.pod.Spec.NodeName
	s.status.ActivePods = map[types.UID]string{s.pod.UID: s.pod.Spec.NodeName}
	s.status.RuntimeUser = v1.RuntimeUID
	if s.status.LauncherContainerImageVersion == "" {
		s.status.LauncherContainerImageVersion = s.Image
	}
	if s.status.Memory == nil && !s.Overhead.IsZero() {
		s.status.Memory = &v1.MemoryStatus{MemoryOverhead: &s.Overhead}
	}
	if s.pod.Status.QOSClass != "" {
		s.status.QOSClass = &s.pod.Status.QOSClass
	}
	if c := s.VMI.Condition(v1.VirtualMachineInstanceSynchronized); c != nil && c.Reason == reason.FailedCreate {
		s.removeCondition(v1.VirtualMachineInstanceSynchronized)
	}
	if c := s.VMI.Condition(v1.VirtualMachineInstanceReady); c == nil || c.Reason == v1.ReasonPodNotExists {
		s.setCondition(v1.VirtualMachineInstanceReady, v1.ConditionFalse, v1.ReasonGuestNotRunning, reason.GuestNotRunning)
	}
}

// running compares the readiness that the kubelet sees with the one that the plugin reported.
func (s *step) running() {
	compute := launcher(s.pod)
	if compute == nil || compute.State.Running == nil || s.VMI.Status.Phase != v1.Running {
		return
	}
	s.clearStartupProblem()
	ready, pod := s.VMI.Condition(v1.VirtualMachineInstanceReady), podCondition(s.pod, corev1.PodReady)
	if pod == nil {
		if ready == nil {
			s.setCondition(v1.VirtualMachineInstanceReady, v1.ConditionFalse, v1.ReasonPodConditionMissing,
				fmt.Sprintf("pod %s has no condition Ready yet", s.pod.Name))
		}
		return
	}
	podReady := pod.Status == corev1.ConditionTrue
	switch {
	case podReady && (ready == nil || ready.Status != v1.ConditionTrue && podReasons[ready.Reason]):
		s.setCondition(v1.VirtualMachineInstanceReady, v1.ConditionTrue, "", "")
	case !podReady && (ready == nil || ready.Status == v1.ConditionTrue || ready.Reason == v1.ReasonGuestNotRunning):
		why := reasonPodNotReady
		if pod.Reason == reasonContainersNotReady {
			why = reasonContainersNotReady
		}
		s.setCondition(v1.VirtualMachineInstanceReady, v1.ConditionFalse, why,
			orElse(pod.Message, fmt.Sprintf("pod %s is not ready", s.pod.Name)))
	}
}

// terminating decides for a pod that somebody deletes; the launcher shuts its guest down.
func (s *step) terminating() {
	if s.lost() {
		return
	}
	if s.VMI.HasCondition(v1.VirtualMachineInstanceReady) {
		s.setCondition(v1.VirtualMachineInstanceReady, v1.ConditionFalse, v1.ReasonPodTerminating,
			fmt.Sprintf("pod %s is being deleted", s.pod.Name))
	}
}

// lost fails the instance when its pod should be gone by now and the node does not answer. The pod
// stays recorded and the instance stays in the cluster: its guest may still run there.
func (s *step) lost() bool {
	overdue := s.Now.Sub(s.pod.DeletionTimestamp.Time)
	switch {
	case overdue < 0:
		s.requeueAfter(-overdue + time.Second)
	case !s.NodeLost:
		s.requeueAfter(lostTime)
	case !s.VMI.IsFinal():
		s.fail(reason.NodeUnresponsive, fmt.Sprintf("node %s does not answer", s.pod.Spec.NodeName))
		return true
	}
	return false
}
