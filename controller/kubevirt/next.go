// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package kubevirt keeps the KubeVirt object: makes it when there is none, and tells in its status how the installation
// fares.
package kubevirt

import (
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/virtplane/virtplane/apis/kubevirt/config"
	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// Reasons of the conditions; those that KubeVirt has as well are spelled as there.
const (
	created    = "AllResourcesCreated"
	missing    = "ComponentsMissing"
	ready      = "AllComponentsReady"
	notReady   = "ComponentsNotReady"
	deploying  = "DeploymentInProgress"
	updating   = "UpdateInProgress"
	rolledOut  = "AllComponentsUpdated"
	allCreated = "All resources were created."
	allReady   = "All components are ready."
	allUpdated = "All components are up to date."
	available  = "Each component has a ready pod."
)

// State is all that the status depends on.
type State struct {
	// KubeVirt is the object as it is.
	KubeVirt *v1.KubeVirt
	// Parts are the components.
	Parts []Part
	// Version is that of this program, which belongs to the installation that is wanted.
	Version string
	// Image is the launcher's.
	Image string
	// Outdated is the number of guests that another launcher runs.
	Outdated int64
	// Now is the time.
	Now time.Time
}

// Next returns the status that the object shall have.
func Next(s State) v1.KubeVirtStatus {
	status := *s.KubeVirt.Status.DeepCopy()
	isCreated := verdict(s.Parts, func(p Part) bool { return p.Exists }, Part.absence)
	isAvailable := verdict(s.Parts, Part.available, Part.absence)
	isComplete := verdict(s.Parts, Part.complete, Part.lack)
	isRolledOut := verdict(s.Parts, Part.rolledOut, Part.progress)

	if isAvailable == "" && isComplete == "" && isRolledOut == "" {
		status.Phase = v1.KubeVirtPhaseDeployed
	}
	if status.Phase == "" {
		status.Phase = v1.KubeVirtPhaseDeploying
	}
	progress := updating
	if status.Phase == v1.KubeVirtPhaseDeploying {
		progress = deploying
	}
	status.OperatorVersion, status.TargetKubeVirtVersion = s.Version, s.Version
	status.TargetKubeVirtRegistry = registry(s.Image)
	if isRolledOut == "" && isComplete == "" {
		status.ObservedKubeVirtVersion, status.ObservedKubeVirtRegistry = status.TargetKubeVirtVersion, status.TargetKubeVirtRegistry
	}
	generation, outdated := s.KubeVirt.Generation, s.Outdated
	status.ObservedGeneration, status.OutdatedVirtualMachineInstanceWorkloads = &generation, &outdated
	status.DefaultArchitecture = config.DefaultArchitecture

	set := func(t v1.KubeVirtConditionType, value bool, reason, message string) {
		status.Conditions = with(status.Conditions, t, value, reason, message, s.Now)
	}
	set(v1.KubeVirtConditionAvailable, isAvailable == "", either(isAvailable == "", ready, notReady), either(isAvailable == "", available, isAvailable))
	set(v1.KubeVirtConditionProgressing, isRolledOut != "", either(isRolledOut == "", rolledOut, progress), either(isRolledOut == "", allUpdated, isRolledOut))
	set(v1.KubeVirtConditionDegraded, isComplete != "", either(isComplete == "", ready, notReady), either(isComplete == "", allReady, isComplete))
	set(v1.KubeVirtConditionCreated, isCreated == "", either(isCreated == "", created, missing), either(isCreated == "", allCreated, isCreated))
	return status
}

// verdict says what is wrong with the parts that do not hold, and is empty when all hold.
func verdict(parts []Part, holds func(Part) bool, problem func(Part) string) string {
	var problems []string
	for _, part := range parts {
		if !holds(part) {
			problems = append(problems, problem(part))
		}
	}
	return strings.Join(problems, "; ")
}

func either(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

// with returns the conditions with one of them set. A condition that stays the same keeps its times: the status is written
// only when there is something to tell.
func with(conditions []v1.KubeVirtCondition, t v1.KubeVirtConditionType, value bool, reason, message string, now time.Time) []v1.KubeVirtCondition {
	status := v1.ConditionFalse
	if value {
		status = v1.ConditionTrue
	}
	at := metav1.NewTime(now.UTC().Truncate(time.Second))
	for i := range conditions {
		c := &conditions[i]
		if c.Type != t {
			continue
		}
		if c.Status == status && c.Reason == reason && c.Message == message {
			return conditions
		}
		if c.Status != status {
			c.LastTransitionTime = at
		}
		c.Status, c.Reason, c.Message, c.LastProbeTime = status, reason, message, at
		return conditions
	}
	return append(conditions, v1.KubeVirtCondition{
		Type: t, Status: status, Reason: reason, Message: message, LastProbeTime: at, LastTransitionTime: at,
	})
}

// registry is where an image comes from: its name without the last element.
func registry(image string) string {
	if i := strings.LastIndex(image, "/"); i >= 0 {
		return image[:i]
	}
	return ""
}
