// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package progress

import (
	"bytes"
	"context"
	"regexp"
	"strings"
	"testing"
)

func TestLogsHaveALineForEachChange(t *testing.T) {
	var out bytes.Buffer
	l := NewLine(&out, 0)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, text := range []string{"Pending", "Pending", "Running"} {
		l.Set(text)
	}
	l.Run(ctx)
	if got := out.String(); got != "Pending\nRunning\n" {
		t.Errorf("prints %q", got)
	}
}

func TestTerminalsHaveOneLineThatGoesAway(t *testing.T) {
	var out bytes.Buffer
	l := NewLine(&out, 20)
	l.Set("Pending: no node has room for the guest")
	l.Set("Running")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	l.Run(ctx)
	got := out.String()
	if !regexp.MustCompile(`^\r\x1b\[K\d+s  Pending: no nod\r\x1b\[K\d+s  Running\r\x1b\[K$`).MatchString(got) || strings.Contains(got, "\n") {
		t.Errorf("prints %q", got)
	}
}

func TestNothingIsTakenAwayWhereNothingWasTold(t *testing.T) {
	var out bytes.Buffer
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	NewLine(&out, 80).Run(ctx)
	if out.Len() > 0 {
		t.Errorf("prints %q", &out)
	}
}
