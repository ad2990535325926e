// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// StartOptions is the body of the start subresource; it may be absent.
type StartOptions struct {
	metav1.TypeMeta `json:",inline"`
	// Paused starts the guest with its CPUs stopped.
	// +optional
	Paused bool `json:"paused,omitempty" protobuf:"varint,1,opt,name=paused"`
	// DryRun All checks the request and changes nothing.
	// +optional
	// +listType=atomic
	DryRun []string `json:"dryRun,omitempty" protobuf:"bytes,2,rep,name=dryRun"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// StopOptions is the body of the stop subresource; it may be absent.
type StopOptions struct {
	metav1.TypeMeta `json:",inline"`
	// GracePeriod replaces the instance's terminationGracePeriodSeconds, in seconds.
	// +optional
	GracePeriod *int64 `json:"gracePeriod,omitempty" protobuf:"varint,1,opt,name=gracePeriod"`
	// DryRun All checks the request and changes nothing.
	// +optional
	// +listType=atomic
	DryRun []string `json:"dryRun,omitempty" protobuf:"bytes,2,rep,name=dryRun"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// RestartOptions is the body of the restart subresource; it may be absent.
type RestartOptions struct {
	metav1.TypeMeta `json:",inline"`
	// GracePeriodSeconds 0 powers the guest off at once; no other value is supported.
	// +optional
	GracePeriodSeconds *int64 `json:"gracePeriodSeconds,omitempty" protobuf:"varint,1,opt,name=gracePeriodSeconds"`
	// DryRun All checks the request and changes nothing.
	// +optional
	// +listType=atomic
	DryRun []string `json:"dryRun,omitempty" protobuf:"bytes,2,rep,name=dryRun"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// PauseOptions is the body of the pause subresource; it may be absent.
type PauseOptions struct {
	metav1.TypeMeta `json:",inline"`
	// DryRun All checks the request and changes nothing.
	// +optional
	// +listType=atomic
	DryRun []string `json:"dryRun,omitempty" protobuf:"bytes,1,rep,name=dryRun"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// UnpauseOptions is the body of the unpause subresource; it may be absent.
type UnpauseOptions struct {
	metav1.TypeMeta `json:",inline"`
	// DryRun All checks the request and changes nothing.
	// +optional
	// +listType=atomic
	DryRun []string `json:"dryRun,omitempty" protobuf:"bytes,1,rep,name=dryRun"`
}

// +k8s:conversion-gen:explicit-from=net/url.Values
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// ConsoleOptions are the query parameters of the console subresource.
type ConsoleOptions struct {
	metav1.TypeMeta `json:",inline"`
}
