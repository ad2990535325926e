// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
	"k8s.io/client-go/tools/remotecommand"
)

// sizeInterval is how often the size of the terminal is looked at: there is no signal of a change on every system.
const sizeInterval = 300 * time.Millisecond

// localTerminal is the user's, for a program that runs elsewhere. It is a remotecommand.TerminalSizeQueue.
type localTerminal struct {
	in, out int
	sizes   chan remotecommand.TerminalSize
}

// terminalOf returns the terminal that a command has for both input and output, or nil.
func terminalOf(cmd *cobra.Command) *localTerminal {
	in, is := cmd.InOrStdin().(*os.File)
	out, too := cmd.OutOrStdout().(*os.File)
	if !is || !too || !term.IsTerminal(int(in.Fd())) || !term.IsTerminal(int(out.Fd())) {
		return nil
	}
	return &localTerminal{in: int(in.Fd()), out: int(out.Fd()), sizes: make(chan remotecommand.TerminalSize)}
}

// raw hands every keystroke through and follows the terminal's size, until the returned function is called.
func (t *localTerminal) raw(ctx context.Context) (restore func(), err error) {
	state, err := term.MakeRaw(t.in)
	if err != nil {
		return nil, fmt.Errorf("switch terminal to raw mode: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		t.follow(ctx)
	}()
	return func() {
		cancel()
		<-done
		// There is nobody left to tell of an error.
		_ = term.Restore(t.in, state)
	}, nil
}

// follow offers the size whenever it is another one.
func (t *localTerminal) follow(ctx context.Context) {
	defer close(t.sizes)
	ticks := time.NewTicker(sizeInterval)
	defer ticks.Stop()
	var last remotecommand.TerminalSize
	for {
		if width, height, err := term.GetSize(t.out); err == nil {
			size := remotecommand.TerminalSize{Width: uint16(width), Height: uint16(height)}
			if size != last {
				select {
				case t.sizes <- size:
					last = size
				case <-ctx.Done():
					return
				}
			}
		}
		select {
		case <-ticks.C:
		case <-ctx.Done():
			return
		}
	}
}

// Next waits for another size.
func (t *localTerminal) Next() *remotecommand.TerminalSize {
	size, open := <-t.sizes
	if !open {
		return nil
	}
	return &size
}
