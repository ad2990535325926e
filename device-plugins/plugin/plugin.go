// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package plugin is a small framework for kubelet device plugins that share one device of the
// host, such as /dev/kvm, between many containers.
package plugin

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"google.golang.org/grpc"
	"k8s.io/klog/v2"
	deviceapi "k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"
	registerapi "k8s.io/kubelet/pkg/apis/pluginregistration/v1"

	"github.com/virtplane/virtplane/device-plugins/registration"
)

// ProbeInterval is the time between two looks at a device: it may appear when a module is loaded.
const ProbeInterval = 20 * time.Second

// Device is a character device of the host that containers may ask for by a resource name.
type Device struct {
	// Resource is the name in a pod's limits, such as devices.kubevirt.io/kvm.
	Resource string
	// Path is the device on the host and in the container.
	Path string
	// Units is how many containers of a node may have the device at once.
	Units int
	// Probe tells why containers could not use the device; nil when they can.
	Probe func(ctx context.Context) error
}

// Plugin serves one Device to the kubelet.
type Plugin struct {
	deviceapi.UnimplementedDevicePluginServer
	device Device
	cdi    *CDI

	mu sync.Mutex
	// problem is what the last probe said, and changed is closed when it changes; mu guards both.
	problem error
	changed chan struct{}
}

// New returns a Plugin for d; cdi may be nil.
func New(d Device, cdi *CDI) (*Plugin, error) {
	switch {
	case d.Resource == "":
		return nil, errors.New("device resource is required")
	case !filepath.IsAbs(d.Path):
		return nil, fmt.Errorf("device path %q is not absolute", d.Path)
	case d.Units < 1:
		return nil, fmt.Errorf("device units must be at least 1, not %d", d.Units)
	case d.Probe == nil:
		return nil, errors.New("device probe is required")
	}
	return &Plugin{
		device: d, cdi: cdi, changed: make(chan struct{}), problem: errors.New("not probed yet"),
	}, nil
}

// Registration returns what the kubelet is told; socketDir is where the plugin's socket is made.
func (p *Plugin) Registration(socketDir string) registration.Plugin {
	return registration.Plugin{
		Type:     registerapi.DevicePlugin,
		Name:     p.device.Resource,
		Socket:   filepath.Join(socketDir, filepath.Base(p.device.Resource)+".sock"),
		Versions: []string{deviceapi.Version},
		Services: func(s grpc.ServiceRegistrar) { deviceapi.RegisterDevicePluginServer(s, p) },
	}
}

// Run probes the device until ctx ends.
func (p *Plugin) Run(ctx context.Context) {
	logger := klog.FromContext(ctx).WithValues("resource", p.device.Resource)
	tick := time.NewTicker(ProbeInterval)
	defer tick.Stop()
	for {
		problem := p.device.Probe(ctx)
		if p.set(problem) {
			if problem == nil {
				logger.Info("Device is usable")
			} else {
				logger.Info("Device is not usable", "reason", problem.Error())
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Problem tells why the device is not usable; nil when it is.
func (p *Plugin) Problem() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.problem
}

// set stores what a probe said and tells whether that is news.
func (p *Plugin) set(problem error) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if (problem == nil) == (p.problem == nil) && (problem == nil || problem.Error() == p.problem.Error()) {
		return false
	}
	p.problem = problem
	close(p.changed)
	p.changed = make(chan struct{})
	return true
}

// list returns the device's units as the kubelet counts them, and a channel that closes when it
// should be read again.
func (p *Plugin) list() (*deviceapi.ListAndWatchResponse, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	health := deviceapi.Healthy
	if p.problem != nil {
		health = deviceapi.Unhealthy
	}
	devices := make([]*deviceapi.Device, p.device.Units)
	for i := range devices {
		devices[i] = &deviceapi.Device{ID: strconv.Itoa(i), Health: health}
	}
	return &deviceapi.ListAndWatchResponse{Devices: devices}, p.changed
}
