// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build libvirt_dlopen

// Command virt-launcher runs one virtual machine in its pod. As "virt-launcher probe" it asks the guest
// agent of a launcher that runs, for the kubelet.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/pflag"

	"github.com/virtplane/virtplane/launcher"
	"github.com/virtplane/virtplane/launcher/agent/probe"
	"github.com/virtplane/virtplane/launcher/virt"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "probe" {
		os.Exit(probe.Main(probe.Socket, os.Args[2:], os.Stdout, os.Stderr))
	}
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
