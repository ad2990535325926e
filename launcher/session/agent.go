// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package session

// What a launcher answers when the guest's agent cannot be asked. Plugins recognise the words.
const (
	AgentNotConnected = "the guest agent is not connected"
	AgentSilent       = "the guest agent does not answer"
	AgentBusy         = "the guest agent is busy with another command; try again in a moment"
)

// FreezeOptions are the arguments of VerbFreeze.
type FreezeOptions struct {
	// ThawAfterSeconds is after how long the launcher thaws the file systems by itself; 0 is never.
	ThawAfterSeconds int64 `json:"thawAfterSeconds,omitempty"`
}
