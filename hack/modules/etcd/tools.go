// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build tools

// Package etcd pins the etcd server that stores the objects of the local cluster.
package etcd

import (
	_ "go.etcd.io/etcd/server/v3"
)
