// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package session

// Screenshot holds the arguments of VerbScreenshot.
type Screenshot struct {
	// MoveCursor moves the guest's pointer first, to wake a screen that sleeps.
	MoveCursor bool `json:"moveCursor,omitempty"`
}
