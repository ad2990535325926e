// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package registration announces CSI drivers and device plugins to the kubelet through its
// plugins_registry directory, and serves their gRPC endpoints. What a plugin does is up to its owner.
package registration

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"k8s.io/klog/v2"
	registerapi "k8s.io/kubelet/pkg/apis/pluginregistration/v1"
)

// refusalPatience is for how long the kubelet may refuse a plugin before its process ends. The
// kubelet tries again by itself, and refuses a CSI driver also while its own API server is away.
// A process that has come back makes new sockets, which older kubelets need to try again.
const refusalPatience = 2 * time.Minute

// Plugin is one plugin of the kubelet.
type Plugin struct {
	// Type is CSIPlugin or DevicePlugin.
	Type string
	// Name is the driver's or the resource's name.
	Name string
	// Socket is the absolute path at which the kubelet reaches the plugin.
	Socket string
	// Versions are the API versions that the plugin speaks.
	Versions []string
	// Services adds the plugin's gRPC services to the server of Socket.
	Services func(grpc.ServiceRegistrar)
}

// Registrar serves one plugin and keeps it registered while the kubelet restarts or cleans up.
type Registrar struct {
	plugin     Plugin
	registry   string
	registered atomic.Bool
	patience   time.Duration
	// verdicts are what the kubelet says: the reason of a refusal, or nothing.
	verdicts chan string
}

// New returns a Registrar for p; registryDir is the kubelet's plugins_registry directory.
func New(registryDir string, p Plugin) (*Registrar, error) {
	switch {
	case p.Type != registerapi.CSIPlugin && p.Type != registerapi.DevicePlugin:
		return nil, fmt.Errorf("plugin type %q is not supported", p.Type)
	case p.Name == "":
		return nil, errors.New("plugin name is required")
	case !filepath.IsAbs(p.Socket):
		return nil, fmt.Errorf("plugin socket %q is not an absolute path", p.Socket)
	case len(p.Versions) == 0:
		return nil, errors.New("plugin versions are required")
	case p.Services == nil:
		return nil, errors.New("plugin services are required")
	case !filepath.IsAbs(registryDir):
		return nil, fmt.Errorf("plugin registry %q is not an absolute path", registryDir)
	}
	return &Registrar{plugin: p, registry: registryDir, patience: refusalPatience, verdicts: make(chan string)}, nil
}

// Name returns the plugin's name.
func (r *Registrar) Name() string { return r.plugin.Name }

// Registered tells whether the kubelet has accepted the plugin.
func (r *Registrar) Registered() bool { return r.registered.Load() }

// Run serves until ctx ends. It returns an error when the kubelet keeps refusing the plugin.
func (r *Registrar) Run(ctx context.Context) error {
	ctx = klog.NewContext(ctx, klog.FromContext(ctx).WithValues("plugin", r.plugin.Name))
	group, ctx := errgroup.WithContext(ctx)
	ready := make(chan struct{})
	group.Go(func() error {
		return serve(ctx, r.plugin.Socket, r.plugin.Services, ready)
	})
	group.Go(func() error {
		// The kubelet dials the plugin as soon as it sees the registration's socket.
		select {
		case <-ready:
		case <-ctx.Done():
			return nil
		}
		return serve(ctx, r.socket(), func(s grpc.ServiceRegistrar) {
			registerapi.RegisterRegistrationServer(s, &service{registrar: r})
		}, nil)
	})
	group.Go(func() error { return r.watch(ctx) })
	return group.Wait()
}

// watch follows the kubelet's verdicts, until it has refused the plugin for too long.
func (r *Registrar) watch(ctx context.Context) error {
	logger := klog.FromContext(ctx)
	var lost <-chan time.Time
	last := ""
	for {
		select {
		case reason := <-r.verdicts:
			r.registered.Store(reason == "")
			switch {
			case reason == "":
				logger.Info("Registered with the kubelet")
				lost = nil
			case lost == nil:
				lost = time.After(r.patience)
				fallthrough
			case reason != last:
				logger.Error(errors.New(reason), "Kubelet refuses the plugin")
			}
			last = reason
		case <-lost:
			return fmt.Errorf("register %s %s: kubelet refused: %s", r.plugin.Type, r.plugin.Name, last)
		case <-ctx.Done():
			return nil
		}
	}
}

// socket is where the kubelet asks what the plugin is. A slash in a resource's name would make a
// directory.
func (r *Registrar) socket() string {
	name := []byte(r.plugin.Name)
	for i, c := range name {
		if c == '/' {
			name[i] = '-'
		}
	}
	return filepath.Join(r.registry, string(name)+"-reg.sock")
}
