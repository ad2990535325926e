// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package embeddedetcd

// First returns the name and the peer URL with which a cluster of one member begins, as a restored one does.
func First() (name, peer string) { return memberName, peerURL }
