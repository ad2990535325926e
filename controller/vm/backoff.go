// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// The wait after n failed starts in a row is backoffUnit * n^2, plus up to backoffJitter of it, at
// most backoffCap; the numbers are those that KubeVirt users see.
const (
	backoffUnit   = 10 * time.Second
	backoffJitter = 0.5
	backoffCap    = 300 * time.Second
)

// Backoff returns the wait after that many failed starts in a row; jitter is in [0,1).
func Backoff(failures int32, jitter float64) time.Duration {
	if failures <= 0 {
		return 0
	}
	n := min(int64(failures), int64(backoffCap/backoffUnit)) // n^2 must not overflow
	wait := backoffUnit * time.Duration(n*n)
	wait += time.Duration(float64(wait) * backoffJitter * jitter)
	return min(wait, backoffCap)
}

// countFailures counts instances that failed before their guest ran, and forgets them once one runs.
func (s *step) countFailures() {
	switch {
	case s.strategy != v1.RunStrategyAlways && s.strategy != v1.RunStrategyRerunOnFailure:
		s.status.StartFailure = nil
	case s.vmi == nil:
	case ran(s.vmi):
		s.status.StartFailure = nil
	case s.vmi.Status.Phase == v1.Failed:
		s.countFailure()
	}
}

func (s *step) countFailure() {
	failure := s.status.StartFailure
	if failure == nil {
		failure = &v1.VirtualMachineStartFailure{}
	}
	if failure.LastFailedVMIUID == s.vmi.UID {
		return
	}
	n := failure.ConsecutiveFailCount + 1
	s.status.StartFailure = &v1.VirtualMachineStartFailure{
		ConsecutiveFailCount: n,
		LastFailedVMIUID:     s.vmi.UID,
		RetryAfterTimestamp:  &metav1.Time{Time: s.Now.Add(Backoff(n, s.Jitter))},
	}
}

func (s *step) createAfterBackoff() {
	if wait := s.backoffLeft(); wait > 0 {
		s.requeueAfter(wait)
		return
	}
	s.create()
}

func (s *step) backoffLeft() time.Duration {
	if s.status.StartFailure == nil || s.status.StartFailure.RetryAfterTimestamp == nil {
		return 0
	}
	return max(0, s.status.StartFailure.RetryAfterTimestamp.Sub(s.Now))
}

// ran tells that the guest has run at some time.
func ran(vmi *v1.VirtualMachineInstance) bool {
	if vmi.IsRunning() {
		return true
	}
	for _, t := range vmi.Status.PhaseTransitionTimestamps {
		if t.Phase == v1.Running {
			return true
		}
	}
	return false
}
