// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package reason holds the words of conditions and events that more than one controller uses.
package reason

// Reasons of events and of the conditions that hold why an effect failed.
const (
	SuccessfulCreate = "SuccessfulCreate"
	FailedCreate     = "FailedCreate"
	SuccessfulDelete = "SuccessfulDelete"
	FailedDelete     = "FailedDelete"
	SuccessfulUpdate = "SuccessfulUpdate"
	FailedUpdate     = "FailedUpdate"
)

// Reasons of PodScheduled=False on instances.
const (
	Unschedulable     = "Unschedulable"
	SchedulingGated   = "SchedulingGated"
	FailedPvcNotFound = "FailedPvcNotFound"
)

// Reasons of Synchronized=False on instances; the kubelet's words for a container that cannot start.
const (
	ErrImagePull        = "ErrImagePull"
	ImagePullBackOff    = "ImagePullBackOff"
	ErrImageNeverPull   = "ErrImageNeverPull"
	InvalidImageName    = "InvalidImageName"
	RegistryUnavailable = "RegistryUnavailable"
)

// Reasons of an instance's phase Failed.
const (
	NodeUnresponsive = "NodeUnresponsive"
	PodGone          = "PodGone"
	PodFailed        = "PodFailed"
)

// Components that events come from.
const Component = "virt-controller"

// GuestNotRunning is the message of Ready=False until the guest runs.
const GuestNotRunning = "the guest is not running"
