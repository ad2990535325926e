// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package csi is the CSI driver that gives each launcher pod the directory with the socket to this
// node's plugin. It decides who gets one; what happens on the socket is up to package domain.
package csi

import (
	"context"
	"errors"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"
	registerapi "k8s.io/kubelet/pkg/apis/pluginregistration/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/device-plugins/registration"
	"github.com/virtplane/virtplane/nodeplugin/volume"
)

// Instances are the instances of the node.
type Instances interface {
	Await(context.Context, types.NamespacedName, func(*v1.VirtualMachineInstance) error) (*v1.VirtualMachineInstance, error)
}

// Sessions serves the launchers behind published volumes.
type Sessions interface {
	Open(volume.Volume) error
	Close(id string) error
	Published(id string) (volume.Volume, bool)
}

// Store remembers published volumes.
type Store interface {
	Save(volume.Volume) error
	Delete(id string) error
}

// Config is what a Driver works with.
type Config struct {
	Node      string
	Version   string
	Layout    volume.Layout
	Instances Instances
	Sessions  Sessions
	Store     Store
	Logger    klog.Logger
}

// Driver is the CSI driver of one node.
type Driver struct {
	csi.UnimplementedIdentityServer
	csi.UnimplementedNodeServer
	config Config
	locks  locks
}

// New returns a Driver.
func New(config Config) (*Driver, error) {
	switch {
	case config.Node == "":
		return nil, errors.New("node name is required")
	case config.Layout.Kubelet == "" || config.Layout.Driver == "":
		return nil, errors.New("kubelet directory and driver name are required")
	case config.Instances == nil || config.Sessions == nil || config.Store == nil:
		return nil, errors.New("instances, sessions and store are required")
	}
	return &Driver{config: config, locks: locks{held: map[string]chan struct{}{}}}, nil
}

// Registration returns what the kubelet is told.
func (d *Driver) Registration() registration.Plugin {
	return registration.Plugin{
		Type: registerapi.CSIPlugin, Name: d.config.Layout.Driver,
		Socket: d.config.Layout.Plugin() + "/csi.sock", Versions: []string{"1.0.0"},
		Services: func(s grpc.ServiceRegistrar) {
			csi.RegisterIdentityServer(s, d)
			csi.RegisterNodeServer(s, d)
		},
	}
}
