// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package virtctl is the command line of virtplane: the verbs that kubectl has no word for, one file each.
package virtctl
