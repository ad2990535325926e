// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package vmi

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/controller/reason"
)

// end decides for an instance that is being deleted. Its pods are deleted, which lets the launcher
// shut the guest down, and the instance goes when no guest of it can be running any more. No phase
// is written for an instance that is about to vanish.
func (s *step) end() {
	for _, pod := range s.Pods {
		s.endPod(pod)
	}
	if s.pod != nil && s.pod.DeletionTimestamp != nil && !terminated(s.pod) && s.lost() {
		return
	}
	if s.over() && slices.Contains(s.VMI.Finalizers, v1.VirtualMachineInstanceFinalizer) {
		s.effects.RemoveFinalizer = true
	}
}

// endPod deletes the pod, in less time than it asked for when the instance's grace period was shortened.
func (s *step) endPod(pod *corev1.Pod) {
	grace := s.shorterGrace(pod)
	switch {
	case pod.DeletionTimestamp == nil:
		s.effects.DeletePods = append(s.effects.DeletePods, Deletion{Pod: pod, Grace: grace})
	case grace != nil && pod.DeletionGracePeriodSeconds != nil && *pod.DeletionGracePeriodSeconds > *grace && !terminated(pod):
		s.effects.DeletePods = append(s.effects.DeletePods, Deletion{Pod: pod, Grace: grace})
	}
}

// shorterGrace returns the grace period in seconds that the instance asks for if it is shorter than the pod's own.
func (s *step) shorterGrace(pod *corev1.Pod) *int64 {
	wanted, own := s.VMI.Spec.TerminationGracePeriodSeconds, pod.Spec.TerminationGracePeriodSeconds
	if wanted == nil || own == nil || *wanted+graceMargin >= *own {
		return nil
	}
	// 0 would have the API server forget the pod while its containers run.
	return ptr.To(max(*wanted, 1))
}

// over tells that no guest of the instance runs: its launcher has exited, or the plugin has said so.
func (s *step) over() bool {
	if s.VMI.IsFinal() && s.VMI.Status.Reason != reason.NodeUnresponsive {
		return true
	}
	return !slices.ContainsFunc(s.Pods, func(pod *corev1.Pod) bool { return !terminated(pod) })
}

// ended decides for a pod that has ended while the instance has not: the plugin is given a moment to
// tell how, then the launcher's exit code tells.
func (s *step) ended() {
	compute := launcher(s.pod)
	if compute == nil || compute.State.Terminated == nil {
		s.fail(failureReason(s.pod), failureMessage(s.pod))
		return
	}
	end := compute.State.Terminated
	patience := reportTime
	if s.pod.DeletionTimestamp != nil {
		patience /= 2 // the exit code vanishes with the pod
	}
	if wait := patience - s.Now.Sub(end.FinishedAt.Time); wait > 0 {
		s.requeueAfter(min(wait, patience))
		return
	}
	if end.ExitCode == 0 {
		s.finish(v1.Succeeded, "", end.Message)
		s.effects.Event = &Event{corev1.EventTypeNormal, "Stopped", orElse(end.Message, "the guest has shut down")}
		return
	}
	s.fail(failureReason(s.pod), failureMessage(s.pod))
}

// reap removes the pod of an ended instance when its launcher does not exit by itself.
func (s *step) reap() {
	if s.pod == nil || s.pod.DeletionTimestamp != nil || terminated(s.pod) {
		return
	}
	if wait := lingerTime - s.since(s.VMI.Status.Phase); wait > 0 {
		s.requeueAfter(wait)
		return
	}
	s.effects.DeletePods = append(s.effects.DeletePods, Deletion{Pod: s.pod})
}

func (s *step) fail(why, message string) {
	s.finish(v1.Failed, why, message)
	s.effects.Event = &Event{corev1.EventTypeWarning, eventReason(why), message}
}

func (s *step) finish(phase v1.VirtualMachineInstancePhase, why, message string) {
	s.status.Phase, s.status.Reason = phase, why
	s.setCondition(v1.VirtualMachineInstanceReady, v1.ConditionFalse, v1.ReasonGuestNotRunning,
		orElse(message, reason.GuestNotRunning))
}

func eventReason(why string) string {
	if why == reason.NodeUnresponsive {
		return why
	}
	return "Stopped"
}

// failureReason returns one word for why the pod failed.
func failureReason(pod *corev1.Pod) string {
	if compute := launcher(pod); pod.Status.Reason == "" && compute != nil && compute.State.Terminated != nil {
		if r := compute.State.Terminated.Reason; r != "" && r != "Error" {
			return r // OOMKilled, ContainerStatusUnknown, StartError
		}
	}
	return orElse(pod.Status.Reason, reason.PodFailed)
}

// failureMessage returns a sentence on why the pod failed, what the launcher said of it first.
func failureMessage(pod *corev1.Pod) string {
	compute := launcher(pod)
	if compute == nil || compute.State.Terminated == nil {
		return fmt.Sprintf("pod %s failed: %s", pod.Name, orElse(pod.Status.Message, orElse(pod.Status.Reason, "no reason given")))
	}
	end := compute.State.Terminated
	switch {
	case end.Message != "":
		return fmt.Sprintf("launcher: %s", end.Message)
	case pod.Status.Message != "":
		return fmt.Sprintf("pod %s failed: %s", pod.Name, pod.Status.Message)
	}
	return fmt.Sprintf("launcher exited with code %d: %s", end.ExitCode, orElse(end.Reason, "no reason given"))
}

func orElse(text, standard string) string {
	if text != "" {
		return text
	}
	return standard
}
