// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package v1 holds the kubevirt.io/v1 API: virtual machines, their running instances and the
// options of their subresources. The types are the wire contract and the storage version at once.
//
// +k8s:deepcopy-gen=package
// +k8s:defaulter-gen=TypeMeta
// +k8s:openapi-gen=true
// +k8s:protobuf-gen=package
// +k8s:openapi-model-package=io.kubevirt.v1
// +groupName=kubevirt.io
package v1
