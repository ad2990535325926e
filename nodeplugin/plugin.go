// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package nodeplugin is the agent of one node. It runs the CSI driver that connects launchers
// with it, the device plugins, the plumbing of pod networks, the mirror of guests into status, and
// the streams to guests. It keeps no state that a new process could not find again, so that it can
// end at any time without a guest noticing.
package nodeplugin

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/device-plugins/devices"
	"github.com/virtplane/virtplane/device-plugins/plugin"
	"github.com/virtplane/virtplane/device-plugins/registration"
	"github.com/virtplane/virtplane/nodeplugin/certificates"
	"github.com/virtplane/virtplane/nodeplugin/console"
	"github.com/virtplane/virtplane/nodeplugin/csi"
	"github.com/virtplane/virtplane/nodeplugin/domain"
	"github.com/virtplane/virtplane/nodeplugin/instances"
	"github.com/virtplane/virtplane/nodeplugin/kube"
	"github.com/virtplane/virtplane/nodeplugin/network"
	"github.com/virtplane/virtplane/nodeplugin/stream"
	"github.com/virtplane/virtplane/nodeplugin/volume"
)

// Plugin is the agent of one node.
type Plugin struct {
	config       *Config
	kube         *kube.Client
	instances    *instances.Cache
	syncer       *domain.Syncer
	recorder     *kube.Recorder
	store        *volume.Store
	logs         *console.Logs
	sweeps       chan struct{}
	guests       *domain.Manager
	streams      *stream.Server
	certificates *certificates.Manager
	devices      []*plugin.Plugin
	registrars   []*registration.Registrar
}

// New returns the Plugin of config; ctx carries its logger and ends its sessions.
func New(ctx context.Context, config *Config) (*Plugin, error) {
	p := &Plugin{config: config, logs: console.NewLogs(config.Layout.Logs(), config.Logs), sweeps: make(chan struct{}, 1)}
	for _, step := range []func(context.Context) error{p.addClients, p.addGuests, p.addStreams, p.addDevices, p.addDriver} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *Plugin) addClients(context.Context) error {
	httpClient, err := rest.HTTPClientFor(p.config.Client)
	if err != nil {
		return fmt.Errorf("make HTTP client: %w", err)
	}
	if p.kube, err = kube.New(p.config.Client, httpClient); err != nil {
		return err
	}
	if p.instances, err = instances.New(p.kube.InstancesOn(p.config.Node), p.changed); err != nil {
		return err
	}
	p.recorder = p.kube.NewRecorder(p.config.Node)
	p.syncer, err = domain.NewSyncer(p.instances, p.kube, p.recorder)
	return err
}

// changed passes on what has changed at the API server.
func (p *Plugin) changed(name types.NamespacedName) {
	p.syncer.Changed(name)
	vmi := p.instances.Get(name)
	if vmi == nil {
		return
	}
	p.guests.Owned(vmi)
	p.guests.Ending(vmi)
}

func (p *Plugin) addGuests(ctx context.Context) error {
	sysctls, err := network.OpenSysctls()
	if err != nil {
		return err
	}
	guard, err := network.NewGuard(sysctls)
	if err != nil {
		return err
	}
	p.guests, err = domain.NewManager(ctx, domain.Config{
		Layout: p.config.Layout, Logs: p.logs, Instances: p.instances, Namespaces: guard, Sink: p.syncer,
		Plumber: &network.Plumber{Sysctls: sysctls, TunDevice: p.config.Host.Dev + "/net/tun"}, Closed: p.sweepSoon,
	})
	if err != nil {
		return err
	}
	p.store, err = volume.NewStore(p.config.Layout)
	return err
}

func (p *Plugin) addStreams(ctx context.Context) (err error) {
	p.certificates, err = certificates.New(certificates.Config{
		Node: p.config.Node, Namespace: p.config.Namespace, Requests: p.kube, Bundles: p.kube,
	})
	if err != nil {
		return err
	}
	p.streams, err = stream.New(ctx, p.guests, p.logs, p.recorder)
	return err
}

func (p *Plugin) addDevices(ctx context.Context) error {
	all := devices.All(p.config.Host)
	var cdi *plugin.CDI
	if p.config.CDIDir != "" {
		var err error
		if cdi, err = plugin.NewCDI(p.config.CDIDir, v1.RuntimeUID, all); err != nil {
			// Where the devices are open to everybody guests run without it.
			klog.FromContext(ctx).Error(err, "Devices keep the owner that they have on the host")
		}
	}
	for _, d := range all {
		served, err := plugin.New(d, cdi)
		if err != nil {
			return err
		}
		p.devices = append(p.devices, served)
		if err := p.register(served.Registration(p.config.Layout.Plugin())); err != nil {
			return err
		}
	}
	return nil
}

func (p *Plugin) addDriver(ctx context.Context) error {
	driver, err := csi.New(csi.Config{
		Node: p.config.Node, Version: p.config.Version, Layout: p.config.Layout,
		Instances: p.instances, Sessions: p.guests, Store: p.store, Logger: klog.FromContext(ctx),
	})
	if err != nil {
		return err
	}
	return p.register(driver.Registration())
}

func (p *Plugin) register(described registration.Plugin) error {
	registrar, err := registration.New(p.config.Layout.Registry(), described)
	if err != nil {
		return err
	}
	p.registrars = append(p.registrars, registrar)
	return nil
}

// Run serves until ctx ends, or until something ends that the node cannot do without.
func (p *Plugin) Run(ctx context.Context) error {
	// Launchers redial from the first moment, and the kubelet may unpublish as soon as it can.
	p.restore(ctx)
	group, ctx := errgroup.WithContext(ctx)
	logger := klog.FromContext(ctx)
	p.goRun(group, ctx, p.instances.Run, p.syncer.Run, p.recorder.Run, p.certificates.Run, p.sweepLogs, p.followSettings)
	for _, d := range p.devices {
		p.goRun(group, ctx, d.Run)
	}
	for _, r := range p.registrars {
		group.Go(func() error { return r.Run(ctx) })
	}
	group.Go(func() error {
		return p.streams.Run(ctx, p.config.StreamAddress, p.certificates.ServerConfig())
	})
	group.Go(func() error { return health(ctx, p.config.HealthAddress, p.checks()) })
	logger.Info("Node plugin runs", "node", p.config.Node, "version", p.config.Version)
	err := group.Wait()
	p.guests.Wait()
	return err
}

func (p *Plugin) goRun(group *errgroup.Group, ctx context.Context, all ...func(context.Context)) {
	for _, run := range all {
		group.Go(func() error {
			run(ctx)
			return nil
		})
	}
}

// checks are what readiness waits for.
func (p *Plugin) checks() []check {
	checks := []check{{"virtual machine instances are not known yet", once(p.instances.Synced)}}
	for _, r := range p.registrars {
		checks = append(checks, check{r.Name() + " is not registered with the kubelet", once(r.Registered)})
	}
	return checks
}
