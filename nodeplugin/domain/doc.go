// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package domain talks with the launchers of this node: it accepts their connections, gives each
// its instance once the network is plumbed, passes commands on, and mirrors what they report
// into the status of the instances. It trusts nothing that a launcher says about who it is.
package domain
