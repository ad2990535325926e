// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// setCondition sets a condition; its transition time changes only with its status.
func setCondition(status *v1.VirtualMachineInstanceStatus, kind v1.VirtualMachineInstanceConditionType, value v1.ConditionStatus, reason, message string, now metav1.Time) {
	for i := range status.Conditions {
		c := &status.Conditions[i]
		if c.Type != kind {
			continue
		}
		if c.Status != value {
			c.Status, c.LastTransitionTime = value, now
		}
		c.Reason, c.Message = reason, message
		return
	}
	status.Conditions = append(status.Conditions, v1.VirtualMachineInstanceCondition{
		Type: kind, Status: value, Reason: reason, Message: message, LastTransitionTime: now,
	})
}

func dropCondition(status *v1.VirtualMachineInstanceStatus, kind v1.VirtualMachineInstanceConditionType) {
	status.Conditions = slices.DeleteFunc(status.Conditions, func(c v1.VirtualMachineInstanceCondition) bool {
		return c.Type == kind
	})
}
