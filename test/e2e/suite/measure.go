// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"fmt"
	"io"
	"sync"
	"testing"
	"time"
)

var measured struct {
	sync.Mutex
	lines []string
}

// Measured keeps a time for the table at the end.
func Measured(t testing.TB, what string, took time.Duration) {
	t.Helper()
	line := fmt.Sprintf("%-70s %6.1f s", what, took.Seconds())
	t.Log(line)
	measured.Lock()
	defer measured.Unlock()
	measured.lines = append(measured.lines, line)
}

// PrintMeasured prints all times that the tests have kept.
func PrintMeasured(to io.Writer) {
	measured.Lock()
	defer measured.Unlock()
	for _, line := range measured.lines {
		fmt.Fprintln(to, line)
	}
}
