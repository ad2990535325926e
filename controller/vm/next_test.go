// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/controller/reason"
	"github.com/virtplane/virtplane/controller/scenario"
)

func TestScenarios(t *testing.T) {
	scenario.Run(t, "testdata/*.txt", func() scenario.Handler { return newWorld().handle })
}

// world is a cluster of one virtual machine that does at once what Next asks for.
type world struct {
	vm     *v1.VirtualMachine
	vmi    *v1.VirtualMachineInstance
	now    time.Time
	jitter float64
	// refuse fails the effect of that name with the message.
	refuse map[string]string
	made   int
	out    strings.Builder
}

func newWorld() *world {
	return &world{now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), refuse: map[string]string{}}
}

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
	case "vm":
		w.vm = &v1.VirtualMachine{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "demo", UID: "vm-uid",
			Finalizers: []string{v1.VirtualMachineFinalizer}}}
		w.vm.Spec.Template = &v1.VirtualMachineInstanceTemplateSpec{}
		w.vm.Spec.Template.Spec.Domain.Memory = &v1.Memory{Guest: ptr.To(resource.MustParse("128Mi"))}
		w.vm.Status.PrintableStatus = v1.VirtualMachineStatusStopped
		w.change(t, args)
	case "change":
		w.change(t, args)
	case "request":
		w.request(args[0])
	case "vmi":
		w.instance(t, args)
	case "node":
		w.vmi.Status.NodeName = args[0]
	case "wait":
		d, err := time.ParseDuration(args[0])
		if err != nil {
			t.Fatal(err)
		}
		w.now = w.now.Add(d)
	case "jitter":
		w.jitter, _ = strconv.ParseFloat(args[0], 64)
	case "delete":
		w.vm.DeletionTimestamp = &metav1.Time{Time: w.now}
		w.vm.Finalizers = append(w.vm.Finalizers, args...)
	case "refuse":
		w.refuse[args[0]] = args[1]
	case "allow":
		delete(w.refuse, args[0])
	default:
		t.Fatalf("no such command: %q", command)
	}
}

// change edits the spec as a user would.
func (w *world) change(t *testing.T, args []string) {
	t.Helper()
	w.vm.Generation++
	for _, arg := range args {
		key, value, _ := strings.Cut(arg, "=")
		switch key {
		case "runStrategy":
			w.vm.Spec.RunStrategy, w.vm.Spec.Running = ptr.To(v1.VirtualMachineRunStrategy(value)), nil
		case "running":
			w.vm.Spec.Running, w.vm.Spec.RunStrategy = ptr.To(value == "true"), nil
		case "memory":
			w.vm.Spec.Template.Spec.Domain.Memory.Guest = ptr.To(resource.MustParse(value))
		case "label":
			w.vm.Spec.Template.ObjectMeta.Labels = map[string]string{value: ""}
		case "node":
			w.vm.Spec.Template.Spec.NodeSelector = map[string]string{"kubernetes.io/hostname": value}
		default:
			t.Fatalf("no such field: %q", arg)
		}
	}
}

// request does to the status what the subresources do.
func (w *world) request(what string) {
	start := v1.VirtualMachineStateChangeRequest{Action: v1.StartRequest}
	var stop v1.VirtualMachineStateChangeRequest
	if w.vmi != nil {
		stop = v1.VirtualMachineStateChangeRequest{Action: v1.StopRequest, UID: ptr.To(w.vmi.UID)}
	}
	requests := &w.vm.Status.StateChangeRequests
	switch what {
	case "start":
		*requests = append(*requests, start)
		w.vm.Status.StartFailure = nil
	case "start-paused":
		start.Data = map[string]string{v1.StartRequestDataPaused: "true"}
		*requests = append(*requests, start)
	case "stop":
		*requests = []v1.VirtualMachineStateChangeRequest{stop}
	case "stop-other":
		stop.UID = ptr.To(types.UID("other"))
		*requests = []v1.VirtualMachineStateChangeRequest{stop}
	case "restart":
		*requests = []v1.VirtualMachineStateChangeRequest{stop, start}
	}
}

// instance does to the instance what its controller, its plugin and users do.
func (w *world) instance(t *testing.T, args []string) {
	t.Helper()
	switch args[0] {
	case "gone":
		w.vmi = nil
		return
	case "deleted":
		w.vmi.DeletionTimestamp = &metav1.Time{Time: w.now}
		return
	case "foreign":
		w.vmi = &v1.VirtualMachineInstance{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "demo", UID: "foreign"}}
		return
	}
	phase := v1.VirtualMachineInstancePhase(args[0])
	if phase != w.vmi.Status.Phase {
		w.vmi.Status.PhaseTransitionTimestamps = append(w.vmi.Status.PhaseTransitionTimestamps,
			v1.VirtualMachineInstancePhaseTransitionTimestamp{Phase: phase, PhaseTransitionTimestamp: metav1.Time{Time: w.now}})
	}
	w.vmi.Status.Phase = phase
	for _, arg := range args[1:] {
		parts := strings.SplitN(arg, ":", 4)
		parts = append(parts, "", "", "")
		c := v1.VirtualMachineInstanceCondition{Type: v1.VirtualMachineInstanceConditionType(parts[0]),
			Status: v1.ConditionStatus(parts[1]), Reason: parts[2], Message: parts[3], LastTransitionTime: metav1.Time{Time: w.now}}
		w.vmi.Status.Conditions = slices.DeleteFunc(w.vmi.Status.Conditions,
			func(have v1.VirtualMachineInstanceCondition) bool { return have.Type == c.Type })
		if c.Status != "" {
			w.vmi.Status.Conditions = append(w.vmi.Status.Conditions, c)
		}
	}
}

// settle performs effects in the order that the reconciler does, until there are none.
func (w *world) settle(t *testing.T) {
	t.Helper()
	for range 10 {
		if w.vm == nil {
			return
		}
		state := State{VM: w.vm, VMI: w.vmi, Now: w.now, Jitter: w.jitter}
		before := w.vm.DeepCopy()
		status, effects := Next(state)
		if !equality.Semantic.DeepEqual(before, w.vm) {
			t.Fatal("Next has changed its input")
		}
		if effects.Create != nil || effects.SetRunStrategy != "" {
			if w.before(&state, effects) {
				continue
			}
			status, effects = Next(state)
			w.write(status)
			w.status()
			return
		}
		w.write(status)
		if !w.after(&state, effects) {
			w.status()
			return
		}
	}
	t.Fatal("the virtual machine does not settle")
}

func (w *world) before(state *State, effects Effects) bool {
	if effects.SetRunStrategy != "" {
		fmt.Fprintln(&w.out, "-> set run strategy", effects.SetRunStrategy)
		w.vm.Spec.RunStrategy = &effects.SetRunStrategy
		w.vm.Generation++
		return true
	}
	if message, ok := w.refuse["create"]; ok {
		fmt.Fprintln(&w.out, "-> create instance: refused")
		state.Failure = &Failure{Reason: reason.FailedCreate, Message: message}
		return false
	}
	w.made++
	w.vmi = Instance(w.vm, *effects.Create)
	w.vmi.UID = types.UID(fmt.Sprintf("instance-%d", w.made))
	w.vmi.Status.Phase = v1.Pending
	v1.SetInstanceSpecDefaults(&w.vmi.Spec)
	paused := ""
	if ptr.Deref(w.vmi.Spec.StartStrategy, "") == v1.StartStrategyPaused {
		paused = ", paused"
	}
	fmt.Fprintf(&w.out, "-> create %s%s\n", w.vmi.UID, paused)
	return true
}

// after tells whether another look is needed.
func (w *world) after(state *State, effects Effects) bool {
	switch {
	case effects.Delete != "" && w.refuse["delete"] != "":
		fmt.Fprintf(&w.out, "-> delete %s: refused\n", effects.Delete)
		state.VM = w.vm
		state.Failure = &Failure{Reason: reason.FailedDelete, Message: w.refuse["delete"]}
		status, _ := Next(*state)
		w.write(status)
		return false
	case effects.Delete != "":
		fmt.Fprintln(&w.out, "-> delete", effects.Delete)
		w.vmi.DeletionTimestamp = &metav1.Time{Time: w.now}
		w.note(effects)
		return true
	case effects.LastNode != "":
		w.note(effects)
		return true
	case effects.RemoveFinalizer:
		fmt.Fprintln(&w.out, "-> remove finalizer")
		w.vm = nil
		return true
	case effects.RequeueAfter > 0:
		fmt.Fprintln(&w.out, "-> look again in", effects.RequeueAfter)
	}
	return false
}

func (w *world) note(effects Effects) {
	if effects.LastNode != "" {
		fmt.Fprintln(&w.out, "-> note last node", effects.LastNode)
		w.vm.Annotations = map[string]string{v1.LastNodeAnnotation: effects.LastNode}
	}
}

func (w *world) write(status v1.VirtualMachineStatus) {
	if !equality.Semantic.DeepEqual(status, w.vm.Status) {
		fmt.Fprintln(&w.out, "-> write status")
		w.vm.Status = status
	}
}

// status prints what users see.
func (w *world) status() {
	s := w.vm.Status
	fmt.Fprintf(&w.out, "%s created=%t ready=%t runStrategy=%s generation=%d/%d\n", s.PrintableStatus, s.Created, s.Ready,
		s.RunStrategy, s.ObservedGeneration, s.DesiredGeneration)
	for _, c := range s.Conditions {
		fmt.Fprintln(&w.out, " ", strings.TrimSpace(fmt.Sprintf("%s=%s %s", c.Type, c.Status, orNone(c.Reason, c.Message))))
	}
	for _, r := range s.StateChangeRequests {
		fmt.Fprintln(&w.out, strings.TrimRight(fmt.Sprintf("  requested: %s %s", r.Action, ptr.Deref(r.UID, "")), " "))
	}
	if f := s.StartFailure; f != nil {
		fmt.Fprintf(&w.out, "  %d failed, last %s, retry in %s\n", f.ConsecutiveFailCount, f.LastFailedVMIUID,
			f.RetryAfterTimestamp.Sub(w.now))
	}
}

func orNone(why, message string) string {
	if message == "" {
		return why
	}
	return why + ": " + message
}
