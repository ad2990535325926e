// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build !amd64

package devices

import (
	"context"
	"os"
)

// runGuest has no program for this architecture: a driver that registers can virtualize.
func runGuest(context.Context, *os.File) error { return nil }
