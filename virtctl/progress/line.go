// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package progress tells people what a command waits for.
package progress

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

// interval is how often the time on a terminal goes on.
const interval = time.Second

// Line tells what is waited for: on a terminal in one line that is written again and again, elsewhere in a line for
// each change, so that the log of a script stays readable.
type Line struct {
	out io.Writer
	// columns is the width of the terminal; 0 where there is none.
	columns int
	began   time.Time

	// mu guards text and shown.
	mu   sync.Mutex
	text string
	// shown tells that something is on the terminal's line.
	shown bool
}

// NewLine returns a line on out, which has as many columns, or none where it is no terminal.
func NewLine(out io.Writer, columns int) *Line {
	return &Line{out: out, columns: columns, began: time.Now()}
}

// Set changes what is told.
func (l *Line) Set(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if text == l.text {
		return
	}
	l.text = text
	if l.columns == 0 {
		fmt.Fprintln(l.out, text)
		return
	}
	l.draw()
}

// Run lets the time on a terminal go on until ctx ends, and leaves nothing on the line then.
func (l *Line) Run(ctx context.Context) {
	ticks := time.NewTicker(interval)
	defer ticks.Stop()
	for {
		select {
		case <-ticks.C:
			l.mu.Lock()
			l.draw()
			l.mu.Unlock()
		case <-ctx.Done():
			l.mu.Lock()
			defer l.mu.Unlock()
			if l.shown {
				fmt.Fprint(l.out, "\r\x1b[K")
			}
			return
		}
	}
}

func (l *Line) draw() {
	if l.columns == 0 || l.text == "" {
		return
	}
	l.shown = true
	elapsed := time.Since(l.began).Round(time.Second).String()
	// The last column stays free: terminals wrap when it is written.
	fmt.Fprintf(l.out, "\r\x1b[K%s", cut(elapsed+"  "+l.text, l.columns-1))
}

// cut returns the beginning of text that fits into columns.
func cut(text string, columns int) string {
	if runes := []rune(text); len(runes) > columns {
		return string(runes[:max(0, columns)])
	}
	return text
}
