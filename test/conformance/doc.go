// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package conformance tests what clients may expect of the API of virtual machines in any cluster: the
// rules that every Kubernetes API follows, seen through kube-apiserver. It needs no nodes, makes
// namespaces of its own and leaves nothing behind. What breaks servers is left to test/integration.
//
// Against a cluster:
//
//	go test ./test/conformance -kubeconfig ~/.kube/config
package conformance
