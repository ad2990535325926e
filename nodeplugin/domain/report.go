// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"fmt"
	"maps"
	"regexp"
	"strings"
	"unicode"

	"github.com/virtplane/virtplane/launcher/session"
)

// Caps on what a launcher says of its guest: all of it may end up in an object of the API.
const (
	maxMessage   = 1024
	maxDisks     = 512
	maxMemoryKiB = 1 << 40
)

var (
	reasonPattern  = regexp.MustCompile(`^[A-Za-z]{1,64}$`)
	machinePattern = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	targetPattern  = regexp.MustCompile(`^[a-z]{1,16}$`)
)

// sanitize returns the report with everything cut that does not look like what it should be. It
// returns an error for a report that no launcher sends.
func sanitize(r *session.Report) (*session.Report, error) {
	switch r.State {
	case session.StateStarting, session.StateRunning, session.StatePaused, session.StateShutdown, session.StateFailed:
	default:
		return nil, fmt.Errorf("report: unknown state %.32q", r.State)
	}
	if len(r.Disks) > maxDisks || len(r.Sizes) > maxDisks || r.MemoryKiB > maxMemoryKiB {
		return nil, fmt.Errorf("report: %d disks and %d KiB of memory", len(r.Disks), r.MemoryKiB)
	}
	clean := *r
	clean.Message = cleanMessage(r.Message)
	clean.Agent = r.Agent.Bound()
	clean.Disks = maps.Clone(r.Disks)
	maps.DeleteFunc(clean.Disks, func(_, target string) bool { return !targetPattern.MatchString(target) })
	clean.Sizes = maps.Clone(r.Sizes)
	maps.DeleteFunc(clean.Sizes, func(_ string, size int64) bool { return size < 0 })
	if !reasonPattern.MatchString(r.Reason) {
		clean.Reason = ""
	}
	if !machinePattern.MatchString(r.Machine) {
		clean.Machine = ""
	}
	return &clean, nil
}

// cleanMessage makes text fit for a status and a terminal.
func cleanMessage(text string) string {
	if len(text) > maxMessage {
		text = text[:maxMessage] + "..."
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
}
