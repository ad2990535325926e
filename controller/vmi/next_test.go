// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package vmi

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/controller/scenario"
	"github.com/virtplane/virtplane/controller/vmi/template"
)

func TestScenarios(t *testing.T) {
	scenario.Run(t, "testdata/*.txt", func() scenario.Handler { return newWorld().handle })
}

// world is a cluster of one instance that does at once what Next asks for.
type world struct {
	vmi       *v1.VirtualMachineInstance
	pods      []*corev1.Pod
	created   types.UID
	createdAt time.Time
	now       time.Time
	nodeLost  bool
	// refuse is why pods are not created; empty when they are.
	refuse string
	// problem is what the pod's events say.
	problem *Problem
	made    int
	out     strings.Builder
}

func newWorld() *world { return &world{now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)} }

func (w *world) handle(t *testing.T, command []string) string {
	t.Helper()
	w.out.Reset()
	w.do(t, command)
	w.settle(t)
	return w.out.String()
}

func (w *world) do(t *testing.T, command []string) {
	t.Helper()
	args := command[1:]
	switch command[0] {
	case "vmi":
		*w = *newWorld()
		w.vmi = &v1.VirtualMachineInstance{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "demo", UID: "vmi-uid",
			CreationTimestamp: metav1.Time{Time: w.now}, Finalizers: []string{v1.VirtualMachineInstanceFinalizer}}}
		w.vmi.Status.Phase = v1.Pending
		w.vmi.Spec.TerminationGracePeriodSeconds = ptr.To(int64(30))
		if len(args) > 0 {
			w.refuse = args[1]
		}
	case "grace":
		w.vmi.Spec.TerminationGracePeriodSeconds = ptr.To(int64(number(t, args[0])))
	case "delete":
		w.vmi.DeletionTimestamp = &metav1.Time{Time: w.now}
	case "pod":
		w.pod(t, args)
	case "plugin":
		w.plugin(args)
	case "node":
		w.nodeLost = args[0] == "lost"
	case "wait":
		d, err := time.ParseDuration(args[0])
		if err != nil {
			t.Fatal(err)
		}
		w.now = w.now.Add(d)
	case "allow":
		w.refuse = ""
	case "kill":
		w.created = ""
	case "problem":
		w.problem = &Problem{Reason: args[0], Message: args[1]}
	default:
		t.Fatalf("no such command: %q", command)
	}
}

// pod does to the newest pod what the scheduler, the kubelet and users do.
func (w *world) pod(t *testing.T, args []string) {
	t.Helper()
	if args[0] == "stranger" {
		w.add("stranger")
		return
	}
	pod := w.pods[len(w.pods)-1].DeepCopy()
	w.pods[len(w.pods)-1] = pod
	args = append(args, "", "")
	compute := corev1.ContainerStatus{Name: template.ContainerName}
	switch args[0] {
	case "unschedulable":
		pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse,
			Reason: corev1.PodReasonUnschedulable, Message: args[1]}}
	case "bound":
		pod.Spec.NodeName = args[1]
		pod.Status.QOSClass = corev1.PodQOSBurstable
		pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionTrue}}
	case "waiting":
		compute.State.Waiting = &corev1.ContainerStateWaiting{Reason: args[1], Message: args[2]}
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{compute}
	case "running":
		compute.State.Running = &corev1.ContainerStateRunning{}
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{compute}
		pod.Status.Phase = corev1.PodRunning
		pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionStatus(args[1]), Reason: args[2]}}
	case "exited":
		compute.State.Terminated = &corev1.ContainerStateTerminated{ExitCode: int32(number(t, args[1])), Message: args[2],
			Reason: "Error", FinishedAt: metav1.Time{Time: w.now}}
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{compute}
		pod.Status.Phase = corev1.PodFailed
		if args[1] == "0" {
			pod.Status.Phase = corev1.PodSucceeded
		}
	case "oomkilled":
		compute.State.Terminated = &corev1.ContainerStateTerminated{ExitCode: 137, Reason: "OOMKilled", FinishedAt: metav1.Time{Time: w.now}}
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{compute}
		pod.Status.Phase = corev1.PodFailed
	case "failed":
		pod.Status.Phase, pod.Status.Reason, pod.Status.Message = corev1.PodFailed, args[1], args[2]
	case "deleted":
		pod.DeletionTimestamp = &metav1.Time{Time: w.now.Add(45 * time.Second)}
	case "gone":
		w.pods = w.pods[:len(w.pods)-1]
	default:
		t.Fatalf("no such command: pod %q", args)
	}
}

// plugin writes what the node plugin reports.
func (w *world) plugin(args []string) {
	phase := v1.VirtualMachineInstancePhase(args[0])
	w.vmi.Status.Phase = phase
	w.vmi.Status.PhaseTransitionTimestamps = append(w.vmi.Status.PhaseTransitionTimestamps,
		v1.VirtualMachineInstancePhaseTransitionTimestamp{Phase: phase, PhaseTransitionTimestamp: metav1.Time{Time: w.now}})
	if len(args) > 1 && args[1] == "probe" {
		return // readiness is the kubelet's to tell
	}
	ready := v1.VirtualMachineInstanceCondition{Type: v1.VirtualMachineInstanceReady, Status: v1.ConditionTrue}
	if phase != v1.Running {
		ready.Status, ready.Reason, ready.Message = v1.ConditionFalse, v1.ReasonGuestNotRunning, args[1]
	}
	w.vmi.Status.Conditions = append(slices.DeleteFunc(w.vmi.Status.Conditions,
		func(c v1.VirtualMachineInstanceCondition) bool { return c.Type == ready.Type }), ready)
}

func (w *world) add(kind string) *corev1.Pod {
	w.made++
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: fmt.Sprintf("%s-%d", kind, w.made),
		UID: types.UID(fmt.Sprintf("%s-%d", kind, w.made)), CreationTimestamp: metav1.Time{Time: w.now}}}
	pod.Spec.TerminationGracePeriodSeconds = ptr.To(int64(45))
	w.pods = append(w.pods, pod)
	return pod
}

// settle performs effects in the order that the reconciler does, until there are none.
func (w *world) settle(t *testing.T) {
	t.Helper()
	for range 10 {
		if w.vmi == nil {
			return
		}
		var pods []*corev1.Pod
		for _, pod := range w.pods {
			pods = append(pods, pod.DeepCopy())
			TrimPod(pods[len(pods)-1])
		}
		state := State{VMI: w.vmi, Pods: pods, Created: w.created, CreatedAt: w.createdAt, NodeLost: w.nodeLost,
			Now: w.now, Image: "launcher:1"}
		before := w.vmi.DeepCopy()
		status, effects := Next(state)
		if !equality.Semantic.DeepEqual(before, w.vmi) {
			t.Fatal("Next has changed its input")
		}
		if effects.CreatePod {
			if w.refuse == "" {
				w.create()
				continue
			}
			fmt.Fprintln(&w.out, "-> create pod: refused")
			state.CreateFailure = w.refuse
			status, _ = Next(state)
			w.write(status)
			w.status()
			return
		}
		if effects.LookForProblem != "" {
			fmt.Fprintln(&w.out, "-> read events of", effects.LookForProblem)
			state.StartupProblem = w.problem
			status, effects = Next(state)
		}
		if !w.perform(status, effects) {
			w.status()
			return
		}
	}
	t.Fatal("the instance does not settle")
}

func (w *world) create() {
	pod := w.add("pod")
	w.created, w.createdAt = pod.UID, w.now
	fmt.Fprintln(&w.out, "-> create", pod.UID)
}

// perform tells whether another look is needed.
func (w *world) perform(status v1.VirtualMachineInstanceStatus, effects Effects) (again bool) {
	w.write(status)
	if e := effects.Event; e != nil {
		fmt.Fprintf(&w.out, "-> event %s %s: %s\n", e.Type, e.Reason, e.Message)
	}
	for _, d := range effects.DeletePods {
		again = true
		fmt.Fprintf(&w.out, "-> delete %s", d.Pod.UID)
		if d.Grace != nil {
			fmt.Fprintf(&w.out, " in %d s", *d.Grace)
		}
		if d.Stranger {
			fmt.Fprint(&w.out, ", a stranger")
		}
		fmt.Fprintln(&w.out)
		for i, pod := range w.pods {
			if pod.UID == d.Pod.UID {
				grace := ptr.Deref(d.Grace, *pod.Spec.TerminationGracePeriodSeconds)
				pod = pod.DeepCopy()
				pod.DeletionTimestamp = &metav1.Time{Time: w.now.Add(time.Duration(grace) * time.Second)}
				pod.DeletionGracePeriodSeconds = &grace
				w.pods[i] = pod
			}
		}
	}
	switch {
	case effects.RemoveFinalizer:
		fmt.Fprintln(&w.out, "-> remove finalizer")
		w.vmi = nil
		return true
	case !again && effects.RequeueAfter > 0:
		fmt.Fprintln(&w.out, "-> look again in", effects.RequeueAfter)
	}
	return again
}

func (w *world) write(status v1.VirtualMachineInstanceStatus) {
	if !equality.Semantic.DeepEqual(status, w.vmi.Status) {
		fmt.Fprintln(&w.out, "-> write status")
		w.vmi.Status = status
		if len(status.ActivePods) > 0 {
			w.created = ""
		}
	}
}

// status prints what users see.
func (w *world) status() {
	s := w.vmi.Status
	fmt.Fprint(&w.out, strings.TrimSpace(fmt.Sprintf("%s %s", s.Phase, s.Reason)))
	if s.NodeName != "" {
		fmt.Fprintf(&w.out, " node=%s", s.NodeName)
	}
	for uid, node := range s.ActivePods {
		fmt.Fprintf(&w.out, " active=%s@%s", uid, node)
	}
	fmt.Fprintln(&w.out)
	for _, c := range s.Conditions {
		fmt.Fprintln(&w.out, " ", strings.TrimRight(fmt.Sprintf("%s=%s %s: %s", c.Type, c.Status, c.Reason, c.Message), ": "))
	}
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
