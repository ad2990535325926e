// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package vmi

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// setCondition sets the condition; one that says the same already keeps its time.
func (s *step) setCondition(t v1.VirtualMachineInstanceConditionType, status v1.ConditionStatus, why, message string) {
	wanted := v1.VirtualMachineInstanceCondition{Type: t, Status: status, Reason: why, Message: message,
		LastTransitionTime: metav1.Time{Time: s.Now}}
	for i := range s.status.Conditions {
		have := &s.status.Conditions[i]
		if have.Type != t {
			continue
		}
		if have.Status == status {
			wanted.LastTransitionTime = have.LastTransitionTime
			wanted.LastProbeTime = have.LastProbeTime
		}
		*have = wanted
		return
	}
	s.status.Conditions = append(s.status.Conditions, wanted)
}

func (s *step) removeCondition(t v1.VirtualMachineInstanceConditionType) {
	s.status.Conditions = slices.DeleteFunc(s.status.Conditions,
		func(c v1.VirtualMachineInstanceCondition) bool { return c.Type == t })
}
