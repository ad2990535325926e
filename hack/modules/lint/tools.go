// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build tools

// Package lint pins the checker that `make lint` runs.
package lint

import (
	_ "honnef.co/go/tools/cmd/staticcheck"
)
