// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package controlplane runs a control plane without nodes on the loopback address, each server as a
// process of its own: etcd, kube-apiserver, and virt-apiserver with its APIServices. It is for programs
// that measure or try clients; package test/integration, which also looks inside, has its own.
package controlplane

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/virtplane/virtplane/apiserver/embeddedetcd"
	"github.com/virtplane/virtplane/test/kubeapiserver"
)

// Options say what to run and where.
type Options struct {
	// Dir is an empty directory. Its path is short: sockets lie in it.
	Dir string
	// KubeAPIServer is the program; empty means the one that the local cluster runs.
	KubeAPIServer string
	// VirtAPIServer is the program.
	VirtAPIServer string
	// Manifests is the directory artifacts/deploy of the repository.
	Manifests string
}

// ControlPlane is a running control plane.
type ControlPlane struct {
	// Admin reaches kube-apiserver as a member of system:masters.
	Admin *rest.Config
	// Kubeconfig is a file with the same login.
	Kubeconfig string
	Core       kubernetes.Interface
	// Etcd, KubeAPIServer and VirtAPIServer are the servers.
	Etcd, KubeAPIServer, VirtAPIServer *Process

	options Options
	ca      *kubeapiserver.Issuer
	url     string
}

// Start returns when requests to the groups of virtplane are answered through kube-apiserver.
func Start(ctx context.Context, o Options) (*ControlPlane, error) {
	if o.KubeAPIServer == "" {
		path, err := kubeapiserver.Program()
		if err != nil {
			return nil, err
		}
		o.KubeAPIServer = path
	}
	for what, path := range map[string]string{"kube-apiserver": o.KubeAPIServer, "virt-apiserver": o.VirtAPIServer, "directory of manifests": o.Manifests} {
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("find %s: %w", what, err)
		}
	}
	c := &ControlPlane{options: o}
	for _, step := range []func(context.Context) error{c.startEtcd, c.startKubeAPIServer, c.install, c.startVirtAPIServer, c.route} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, c.Stop())
		}
	}
	return c, nil
}

// Stop ends all servers and returns how any of them ended badly.
func (c *ControlPlane) Stop() error {
	// Clients end before what they depend on.
	return errors.Join(c.VirtAPIServer.stop(), c.KubeAPIServer.stop(), c.Etcd.stop())
}

// HostEtcd returns the endpoint of the etcd that kube-apiserver stores in.
func (c *ControlPlane) HostEtcd() string { return embeddedetcd.Endpoint(c.file("host")) }

// VirtEtcd returns the endpoint of the etcd inside virt-apiserver.
func (c *ControlPlane) VirtEtcd() string { return embeddedetcd.Endpoint(c.file("virt")) }

func (c *ControlPlane) file(name string) string { return filepath.Join(c.options.Dir, name) }
