// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Command guest-init prepares the system of the guest-tiny image: it does what cloud-init does
// elsewhere, as far as a small test guest needs it, loads drivers, brings up the network and stops
// the machine. It is one static binary because shell scripts that start a process per step take
// seconds under software emulation.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	verb := filepath.Base(os.Args[0])
	if how, ok := powerVerbs[verb]; ok {
		fail(shutdown(how(os.Args[1:])))
		return
	}
	if len(os.Args) == 2 {
		verb = os.Args[1]
	}
	verbs := map[string]func() error{
		"boot":    boot,
		"drivers": drivers,
		"network": network,
		"final":   final,
	}
	run, ok := verbs[verb]
	if !ok {
		fmt.Fprintf(os.Stderr, "usage: %s boot|drivers|network|final\n", filepath.Base(os.Args[0]))
		os.Exit(2)
	}
	fail(run())
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "guest-init:", err)
		os.Exit(1)
	}
}
