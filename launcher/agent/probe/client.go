// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/spf13/pflag"
)

const (
	// failed is the exit code of a probe that got no answer from the guest.
	failed = 1
	// misused is the exit code of a command line that makes no sense.
	misused = 2
	maxCode = 255
	// maxResponse caps an answer in bytes.
	maxResponse = 64 << 10
)

// Main is the client: it asks the launcher at socket what args say and returns the exit code.
func Main(socket string, args []string, stdout, stderr io.Writer) int {
	flags := pflag.NewFlagSet("virt-launcher probe", pflag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.SetInterspersed(false)
	seconds := flags.Int32("timeout-seconds", 1, "Seconds that the guest may take to answer.")
	ping := flags.Bool("ping", false, "Ask the guest agent for an answer, instead of running a command.")
	tolerate := flags.Bool("tolerate-pause", false, "Succeed while the guest is paused.")
	flags.Usage = func() {
		fmt.Fprintf(stderr, "Usage: virt-launcher probe [flags] --ping\n       virt-launcher probe [flags] -- COMMAND [ARGUMENT...]\n\n%s", flags.FlagUsages())
	}
	if err := flags.Parse(args); err != nil {
		return misused
	}
	if *ping == (flags.NArg() > 0) {
		fmt.Fprintln(stderr, "virt-launcher probe: give either --ping or a command to run in the guest")
		return misused
	}
	limit := time.Duration(*seconds) * time.Second
	r, err := ask(socket, request{Command: flags.Args(), Timeout: limit, ToleratePause: *tolerate})
	if err == nil && r.Error != "" {
		err = fmt.Errorf("%s", r.Error)
	}
	if err != nil {
		fmt.Fprintln(stderr, "virt-launcher probe:", err)
		return failed
	}
	if r.Output != "" {
		fmt.Fprintln(stdout, r.Output)
	}
	if r.Code < 0 || r.Code > maxCode {
		return failed
	}
	return r.Code
}

func ask(socket string, r request) (*response, error) {
	conn, err := net.DialTimeout("unix", socket, requestTime)
	if err != nil {
		return nil, fmt.Errorf("reach the launcher: %w", err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(max(r.Timeout, time.Second) + requestTime)); err != nil {
		return nil, fmt.Errorf("reach the launcher: %w", err)
	}
	if err := json.NewEncoder(conn).Encode(r); err != nil {
		return nil, fmt.Errorf("ask the launcher: %w", err)
	}
	answer := &response{}
	if err := json.NewDecoder(io.LimitReader(conn, maxResponse)).Decode(answer); err != nil {
		return nil, fmt.Errorf("read the launcher's answer: %w", err)
	}
	return answer, nil
}
