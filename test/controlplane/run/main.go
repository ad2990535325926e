// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Command run runs a control plane until its input ends: it prints the path of a kubeconfig when all is
// ready. It serves tests in other modules, which cannot import the servers.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/virtplane/virtplane/test/controlplane"
)

func main() {
	controlplane.RunChild()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	repo := flag.String("repo", ".", "Root of the repository, for the manifests.")
	server := flag.String("virt-apiserver", "bin/virt-apiserver", "The virt-apiserver to run.")
	flag.Parse()
	dir, err := os.MkdirTemp("", "virtplane-")
	if err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	cp, err := controlplane.Start(ctx, controlplane.Options{
		Dir: dir, VirtAPIServer: *server, Manifests: filepath.Join(*repo, "artifacts", "deploy"),
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cp.Stop()) }()
	fmt.Println(cp.Kubeconfig)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(io.Discard, os.Stdin)
	}()
	select {
	case <-ctx.Done():
	case <-ended:
	}
	return nil
}
