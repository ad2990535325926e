// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build libvirt_dlopen

// Command virt-launcher runs one virtual machine in its pod.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/pflag"

	"github.com/virtplane/virtplane/launcher"
	"github.com/virtplane/virtplane/launcher/virt"
)

func main() {
	options := launcher.NewOptions()
	options.AddFlags(pflag.CommandLine)
	pflag.Parse()
	if errs := options.Validate(); len(errs) > 0 {
		fmt.Fprintln(os.Stderr, "virt-launcher:", errs)
		os.Exit(2)
	}
	stopped, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	os.Exit(launcher.Run(stopped, options, func(domain string, signals *virt.Signals) (launcher.Hypervisor, error) {
		return virt.NewClient(domain, signals)
	}))
}
