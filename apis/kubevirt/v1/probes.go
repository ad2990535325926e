// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import corev1 "k8s.io/api/core/v1"

// Probe checks the guest, over the pod network or by its agent.
type Probe struct {
	// Handler is the check.
	Handler `json:",inline" protobuf:"bytes,1,opt,name=handler"`
	// InitialDelaySeconds is the time before the first check, in seconds.
	// +optional
	InitialDelaySeconds int32 `json:"initialDelaySeconds,omitempty" protobuf:"varint,2,opt,name=initialDelaySeconds"`
	// TimeoutSeconds is the time that a check may take, in seconds. Defaults to 1.
	// +optional
	TimeoutSeconds int32 `json:"timeoutSeconds,omitempty" protobuf:"varint,3,opt,name=timeoutSeconds"`
	// PeriodSeconds is the time between checks, in seconds. Defaults to 10.
	// +optional
	PeriodSeconds int32 `json:"periodSeconds,omitempty" protobuf:"varint,4,opt,name=periodSeconds"`
	// SuccessThreshold is the number of good checks in a row that end a failure. Defaults to 1.
	// +optional
	SuccessThreshold int32 `json:"successThreshold,omitempty" protobuf:"varint,5,opt,name=successThreshold"`
	// FailureThreshold is the number of failed checks in a row that make a failure. Defaults to 3.
	// +optional
	FailureThreshold int32 `json:"failureThreshold,omitempty" protobuf:"varint,6,opt,name=failureThreshold"`
}

// Handler is one way to check a guest.
type Handler struct {
	// HTTPGet succeeds on a 2xx or 3xx answer.
	// +optional
	HTTPGet *corev1.HTTPGetAction `json:"httpGet,omitempty" protobuf:"bytes,1,opt,name=httpGet"`
	// TCPSocket succeeds when the port accepts a connection.
	// +optional
	TCPSocket *corev1.TCPSocketAction `json:"tcpSocket,omitempty" protobuf:"bytes,2,opt,name=tcpSocket"`
	// Exec succeeds when the guest agent runs the command and it exits with 0.
	// +optional
	Exec *corev1.ExecAction `json:"exec,omitempty" protobuf:"bytes,3,opt,name=exec"`
	// GuestAgentPing succeeds when the guest agent answers.
	// +optional
	GuestAgentPing *GuestAgentPing `json:"guestAgentPing,omitempty" protobuf:"bytes,4,opt,name=guestAgentPing"`
}

// GuestAgentPing asks the guest agent for an answer.
type GuestAgentPing struct{}
