// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package launcher

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"k8s.io/klog/v2"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/dhcp"
	"github.com/virtplane/virtplane/launcher/domain"
	"github.com/virtplane/virtplane/launcher/identity"
	"github.com/virtplane/virtplane/launcher/session"
)

// startGuest prepares all that the guest needs and starts it. It returns the process ID of QEMU
// and the channel that tells when libvirtd is lost. Its errors are for the guest's owner, but
// context.Canceled when stopped ended first.
func (l *launcher) startGuest(ctx, stopped context.Context, start *session.Start) (<-chan struct{}, int, error) {
	vmi := &v1.VirtualMachineInstance{}
	if err := json.Unmarshal(start.VMI, vmi); err != nil {
		return nil, 0, fmt.Errorf("decode instance: %w", err)
	}
	start.VMI = nil
	if vmi.Name != l.options.Name || vmi.Namespace != l.options.Namespace {
		return nil, 0, fmt.Errorf("the node plugin sent instance %s/%s", vmi.Namespace, vmi.Name)
	}
	output, emulated, err := l.prepare(ctx, vmi, start.Interfaces)
	if err != nil {
		return nil, 0, err
	}
	l.steps.done("prepared")
	if err := l.serve(ctx, vmi, start.Interfaces); err != nil {
		return nil, 0, err
	}
	var c connection
	select {
	case c = <-l.connected:
	case <-stopped.Done():
		return nil, 0, stopped.Err()
	}
	if c.err != nil {
		return nil, 0, c.err
	}
	paused := vmi.Spec.StartStrategy != nil && *vmi.Spec.StartStrategy == v1.StartStrategyPaused
	if err := c.hypervisor.Create(output.XML, paused); err != nil {
		return nil, 0, fmt.Errorf("start the guest: %w", err)
	}
	pid, err := readPID(l.layout.PIDFile(l.domain))
	if err != nil {
		return nil, 0, err
	}
	l.steps.done("created")
	l.followAgent(ctx, l.line, start.Interfaces)
	l.mu.Lock()
	l.hypervisor = c.hypervisor
	l.everRan = !paused
	l.report.Emulated, l.report.Disks, l.report.Sizes = emulated, output.Disks, output.Sizes
	l.mu.Unlock()
	l.describe(ctx)
	l.refresh(ctx)
	l.steps.done("reported")
	klog.FromContext(ctx).Info("Domain started", append([]any{"domain", l.domain, "paused", paused, "emulated", emulated, "pid", pid},
		l.steps.keysAndValues()...)...)
	return c.lost, pid, nil
}

// prepare makes the guest's disks and its domain.
func (l *launcher) prepare(ctx context.Context, vmi *v1.VirtualMachineInstance,
	interfaces []session.Interface) (domain.Output, bool, error) {
	kvm := usable("/dev/kvm")
	if !kvm && !l.options.AllowEmulation {
		return domain.Output{}, false, errors.New("hardware virtualization (/dev/kvm) is not available to the pod, and software emulation is not allowed by the configuration")
	}
	volumes, err := l.volumes.Prepare(vmi)
	if err != nil {
		return domain.Output{}, false, err
	}
	kernel, err := l.volumes.PrepareKernel(vmi)
	if err != nil {
		return domain.Output{}, false, err
	}
	output, err := domain.Convert(domain.Input{
		VMI:          vmi,
		KVM:          kvm,
		VhostNet:     usable("/dev/vhost-net"),
		Volumes:      volumes,
		Interfaces:   interfaces,
		SerialSocket: l.serialSocket(),
		VNCSocket:    l.vncSocket(),
		AgentSocket:  l.agentSocket(),
		Kernel:       kernel,
		Private:      privateDir,
		Now:          time.Now(),
	})
	klog.FromContext(ctx).V(2).Info("Converted instance", "domain", output.XML)
	return output, !kvm, err
}

func (l *launcher) serialSocket() string { return filepath.Join(privateDir, "virt-serial0") }

// serve begins to serve what the guest may ask for as soon as it runs.
func (l *launcher) serve(ctx context.Context, vmi *v1.VirtualMachineInstance, interfaces []session.Interface) error {
	if err := l.serveSerial(ctx, vmi); err != nil {
		return err
	}
	if err := l.serveAgent(ctx); err != nil {
		return err
	}
	if err := l.serveProbes(ctx, vmi); err != nil {
		return err
	}
	var resolver dhcp.Resolver
	if f, err := os.Open("/etc/resolv.conf"); err == nil {
		resolver = dhcp.ParseResolver(f)
		f.Close()
	}
	for _, nic := range interfaces {
		if nic.Bridge == "" {
			continue
		}
		lease, err := dhcp.NewLease(nic, identity.Hostname(vmi), resolver)
		if err != nil {
			return err
		}
		if lease.Extra, err = extraOptions(vmi, nic.Name); err != nil {
			return err
		}
		server, err := dhcp.Listen(lease)
		if err != nil {
			return err
		}
		go server.Run(ctx)
	}
	return nil
}

// extraOptions returns what the owner of the guest adds to the lease of a NIC.
func extraOptions(vmi *v1.VirtualMachineInstance, name string) (dhcp.Extra, error) {
	for i := range vmi.Spec.Domain.Devices.Interfaces {
		nic := &vmi.Spec.Domain.Devices.Interfaces[i]
		if nic.Name != name {
			continue
		}
		extra, err := dhcp.NewExtra(nic.DHCPOptions)
		if err != nil {
			return extra, fmt.Errorf("spec.domain.devices.interfaces[%d].dhcpOptions.%w", i, err)
		}
		return extra, nil
	}
	return dhcp.Extra{}, nil
}

// usable tells that a device is there and may be opened.
func usable(device string) bool {
	f, err := os.OpenFile(device, os.O_RDWR, 0)
	if err != nil {
		return false
	}
	f.Close()
	return true
}

func readPID(path string) (int, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return 0, fmt.Errorf("read process ID of QEMU: %w", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err != nil || pid <= 1 {
		return 0, fmt.Errorf("read process ID of QEMU: %q is none", raw)
	}
	return pid, nil
}
