// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package guestinfo bounds what a guest's agent says of the guest. Whoever controls the guest controls
// all of it, and it ends up in objects of the API and on terminals. The launcher bounds it, and the
// node plugin does it again, which does not trust the launcher.
package guestinfo

import (
	"strings"
	"unicode"
)

// Text returns text fit for an object and a terminal: at most limit bytes of UTF-8, with a space for
// each character that does not print.
func Text(text string, limit int) string {
	if len(text) > limit {
		text = text[:limit]
	}
	clean := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	return strings.TrimSpace(clean)
}

// first returns the first elements of list, at most limit.
func first[T any](list []T, limit int) []T { return list[:min(len(list), limit)] }
