// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"fmt"

	genericapiserver "k8s.io/apiserver/pkg/server"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/kubevirt"
	"github.com/virtplane/virtplane/registry/virtualmachine"
	"github.com/virtplane/virtplane/registry/virtualmachineinstance"
)

// Server is virt-apiserver, ready to run.
type Server struct {
	generic *genericapiserver.GenericAPIServer
	host    hostCluster
}

// New installs the API groups.
func (c *Config) New() (*Server, error) {
	generic, err := c.Generic.Complete().New("virt-apiserver", genericapiserver.NewEmptyDelegate())
	if err != nil {
		return nil, fmt.Errorf("make generic server: %w", err)
	}
	getter := c.Generic.RESTOptionsGetter
	kubevirts, err := kubevirt.NewStorage(Scheme, getter, c.Namespace)
	if err != nil {
		return nil, err
	}
	settings := c.settings()
	stopping := make(chan struct{})
	if err := generic.AddPreShutdownHook("virtplane-logs", func() error { close(stopping); return nil }); err != nil {
		return nil, fmt.Errorf("add hook: %w", err)
	}
	var machines *virtualmachine.Storage
	around := virtualmachineinstance.Surroundings{
		Nodes:    c.Nodes,
		Machine:  func(ctx context.Context, name string) (*v1.VirtualMachine, error) { return machines.Find(ctx, name) },
		Drained:  drained(c.host.client),
		Gates:    func(name string) bool { return settings.Current().Gates.Enabled(name) },
		Stopping: stopping,
	}
	instances, err := virtualmachineinstance.NewStorage(Scheme, getter, settings, virtualmachineinstance.Writers{Namespace: c.Namespace}, around)
	if err != nil {
		return nil, err
	}
	machines, err = virtualmachine.NewStorage(Scheme, getter, instances.Instances, instances.Instances, around.Gates)
	if err != nil {
		return nil, err
	}
	if err := installGroups(generic, machines, instances, kubevirts); err != nil {
		return nil, err
	}
	if err := addRawRoutes(generic, c.host.client); err != nil {
		return nil, err
	}
	if err := c.addHooks(generic); err != nil {
		return nil, err
	}
	if err := followSettings(generic, settings, kubevirts.Source(c.Namespace)); err != nil {
		return nil, err
	}
	return &Server{generic: generic, host: c.host}, nil
}

// addHooks starts what runs beside the server.
func (c *Config) addHooks(generic *genericapiserver.GenericAPIServer) error {
	if err := generic.AddPostStartHook("virtplane-host-cluster", c.host.start); err != nil {
		return fmt.Errorf("add hook: %w", err)
	}
	if err := generic.AddPostStartHook("virtplane-certificates", func(hook genericapiserver.PostStartHookContext) error {
		go c.Certificates.Run(hook)
		return nil
	}); err != nil {
		return fmt.Errorf("add hook: %w", err)
	}
	if err := generic.AddPostStartHook("virtplane-nodes", func(hook genericapiserver.PostStartHookContext) error {
		go c.Nodes.Run(hook)
		return nil
	}); err != nil {
		return fmt.Errorf("add hook: %w", err)
	}
	return nil
}

// Run serves until ctx ends, then drains. It ends by itself when a restart would bring what the host
// cluster did not serve when it began.
func (s *Server) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		if s.host.appeared(ctx) {
			cancel()
		}
	}()
	return s.generic.PrepareRun().RunWithContext(ctx)
}
