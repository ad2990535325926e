// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build tools

// Package runc pins the container runtime that the nodes of the local cluster run.
package runc

import (
	_ "github.com/opencontainers/runc"
)
