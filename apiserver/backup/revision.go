// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package backup

import "time"

const (
	// leap puts a restored server's revisions above all that clients may have seen of what is lost.
	leap = int64(1_000_000_000)
	// fastest is more writes per second than any server does. Without the lost data nobody knows how
	// far it had come, but not further than this since the backup.
	fastest = 10_000
)

// NewRevision returns where a restored server goes on: above the revision of the backup, above that of
// the data which it replaces (0 when that is lost), and above that of every earlier restore of the same
// backup. Versions that clients hold are then too old, never in the future.
func NewRevision(backup, replaced int64, age time.Duration) int64 {
	seconds := max(0, int64(age/time.Second))
	return max(backup+seconds*fastest, replaced) + leap
}
