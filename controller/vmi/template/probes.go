// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package template

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

const (
	// probeDelay is added to the delay of probes: the guest boots later than the container starts, in seconds.
	probeDelay = 10
	// agentMargin is added to the time of probes by the guest agent, for what the kubelet does around them, in seconds.
	agentMargin = 1
)

// livenessProbe returns the container's; readinessProbe below, too. A guest that is paused is not dead.
func livenessProbe(vmi *v1.VirtualMachineInstance) *corev1.Probe {
	return probe(vmi.Spec.LivenessProbe, "--tolerate-pause")
}

func readinessProbe(vmi *v1.VirtualMachineInstance) *corev1.Probe {
	return probe(vmi.Spec.ReadinessProbe)
}

// probe returns the probe for the container. Over the network the guest answers at the pod's address;
// what its agent shall answer the container's own program asks for, with flags.
func probe(p *v1.Probe, flags ...string) *corev1.Probe {
	if p == nil {
		return nil
	}
	result := &corev1.Probe{
		ProbeHandler:        corev1.ProbeHandler{HTTPGet: p.HTTPGet.DeepCopy(), TCPSocket: p.TCPSocket.DeepCopy()},
		InitialDelaySeconds: p.InitialDelaySeconds + probeDelay,
		TimeoutSeconds:      p.TimeoutSeconds,
		PeriodSeconds:       p.PeriodSeconds,
		SuccessThreshold:    p.SuccessThreshold,
		FailureThreshold:    p.FailureThreshold,
	}
	if !byAgent(p) {
		return result
	}
	command := append([]string{launcherPath, "probe", "--timeout-seconds=" + strconv.Itoa(int(max(p.TimeoutSeconds, 1)))}, flags...)
	if p.GuestAgentPing != nil {
		command = append(command, "--ping")
	} else {
		command = append(append(command, "--"), p.Exec.Command...)
	}
	result.Exec = &corev1.ExecAction{Command: command}
	result.TimeoutSeconds = max(p.TimeoutSeconds, 1) + agentMargin
	return result
}

// byAgent tells that a probe asks the guest agent.
func byAgent(p *v1.Probe) bool { return p != nil && (p.Exec != nil || p.GuestAgentPing != nil) }
