// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"

	"github.com/virtplane/virtplane/apiserver/embeddedetcd"
)

// childEnv makes the calling program an etcd with its data in the named directory.
const childEnv = "VIRTPLANE_CONTROLPLANE_ETCD"

// RunChild is what a program that calls Start calls first: it does not return in a child process. The
// etcd of kube-apiserver is the one that virt-apiserver holds, in the same build with the same
// settings, so that neither is favoured.
func RunChild() {
	dir := os.Getenv(childEnv)
	if dir == "" {
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	etcd, err := embeddedetcd.Start(ctx, dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	<-ctx.Done()
	etcd.Close()
	os.Exit(0)
}

func (c *ControlPlane) startEtcd(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childEnv+"="+c.file("host"))
	if c.Etcd, err = start("etcd", c.file("etcd.log"), cmd); err != nil {
		return err
	}
	return await(ctx, c.Etcd, func(context.Context) error {
		conn, err := net.Dial("unix", strings.TrimPrefix(c.HostEtcd(), "unix://"))
		if err == nil {
			conn.Close()
		}
		return err
	})
}
