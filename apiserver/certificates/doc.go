// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package certificates keeps virtplane's own certificate authority: its Secret and rotation, the certificates of
// virt-apiserver, the published bundle, and the signing of the node plugins' certificates. It leaves serving and
// dialling to its callers.
package certificates
