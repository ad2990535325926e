// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// MigrateOptions is the body of the migrate subresource; it may be absent.
type MigrateOptions struct {
	metav1.TypeMeta `json:",inline"`
	// DryRun All checks the request and changes nothing.
	// +optional
	// +listType=atomic
	DryRun []string `json:"dryRun,omitempty" protobuf:"bytes,1,rep,name=dryRun"`
	// AddedNodeSelector are labels that the target node has to carry, beside those of the instance's nodeSelector.
	// +optional
	// +mapType=atomic
	AddedNodeSelector map[string]string `json:"addedNodeSelector,omitempty" protobuf:"bytes,2,rep,name=addedNodeSelector"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// EvacuateCancelOptions is the body of the evacuate/cancel subresource; it may be absent.
type EvacuateCancelOptions struct {
	metav1.TypeMeta `json:",inline"`
	// DryRun All checks the request and changes nothing.
	// +optional
	// +listType=atomic
	DryRun []string `json:"dryRun,omitempty" protobuf:"bytes,1,rep,name=dryRun"`
	// EvacuationNodeName is the node that the guest was asked to leave.
	// +optional
	EvacuationNodeName string `json:"evacuationNodeName" protobuf:"bytes,2,opt,name=evacuationNodeName"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// FreezeUnfreezeTimeout is the body of the freeze subresource.
type FreezeUnfreezeTimeout struct {
	metav1.TypeMeta `json:",inline"`
	// UnfreezeTimeout is after how long the file systems are thawed even without a request, such as 5m; 0 is never.
	// +optional
	UnfreezeTimeout *metav1.Duration `json:"unfreezeTimeout" protobuf:"bytes,1,opt,name=unfreezeTimeout"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// ScreenshotOptions are the options of the vnc/screenshot subresource.
type ScreenshotOptions struct {
	metav1.TypeMeta `json:",inline"`
	// MoveCursor moves the mouse first, to wake up a screen saver.
	// +optional
	MoveCursor bool `json:"moveCursor" protobuf:"varint,1,opt,name=moveCursor"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// VSOCKOptions are the options of the vsock subresource.
type VSOCKOptions struct {
	metav1.TypeMeta `json:",inline"`
	// TargetPort is the port that the guest listens on.
	TargetPort uint32 `json:"targetPort" protobuf:"varint,1,opt,name=targetPort"`
	// UseTLS has the node speak TLS with the guest. Defaults to true.
	// +optional
	UseTLS *bool `json:"useTLS,omitempty" protobuf:"varint,2,opt,name=useTLS"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// ObjectGraphOptions is the body of the objectgraph subresource; it may be absent.
type ObjectGraphOptions struct {
	metav1.TypeMeta `json:",inline"`
	// IncludeOptionalNodes lists objects that the virtual machine can do without, too. Defaults to true.
	// +optional
	IncludeOptionalNodes *bool `json:"includeOptionalNodes,omitempty" protobuf:"varint,1,opt,name=includeOptionalNodes"`
	// LabelSelector limits the graph to objects that carry these labels.
	// +optional
	LabelSelector *metav1.LabelSelector `json:"labelSelector,omitempty" protobuf:"bytes,2,opt,name=labelSelector"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// ObjectGraphNode is an object that a virtual machine depends on, with those that it depends on in turn.
type ObjectGraphNode struct {
	metav1.TypeMeta `json:",inline"`
	// ObjectReference names the object.
	ObjectReference corev1.TypedObjectReference `json:"objectReference" protobuf:"bytes,1,opt,name=objectReference"`
	// Labels tell what the object is to the virtual machine.
	// +optional
	Labels map[string]string `json:"labels,omitempty" protobuf:"bytes,2,rep,name=labels"`
	// Optional tells that the virtual machine can do without it.
	// +optional
	Optional *bool `json:"optional,omitempty" protobuf:"varint,3,opt,name=optional"`
	// Children are the objects that this one depends on.
	// +optional
	// +listType=atomic
	Children []ObjectGraphNode `json:"children,omitempty" protobuf:"bytes,4,rep,name=children"`
}
