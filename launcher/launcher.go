// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package launcher

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
	"k8s.io/klog/v2"

	"github.com/virtplane/virtplane/launcher/agent"
	"github.com/virtplane/virtplane/launcher/disk"
	"github.com/virtplane/virtplane/launcher/footprint"
	"github.com/virtplane/virtplane/launcher/identity"
	"github.com/virtplane/virtplane/launcher/libvirtd"
	"github.com/virtplane/virtplane/launcher/plugin"
	"github.com/virtplane/virtplane/launcher/reaper"
	"github.com/virtplane/virtplane/launcher/serial"
	"github.com/virtplane/virtplane/launcher/session"
	"github.com/virtplane/virtplane/launcher/virt"
)

const (
	privateDir = "/var/run/kubevirt-private"
	// connectTimeout is far above what libvirtd needs on a busy node.
	connectTimeout = 2 * time.Minute
	// trimAfter is how long nothing must have changed before memory is given back.
	trimAfter = 2 * time.Second
)

// Hypervisor is what the launcher needs of libvirt.
type Hypervisor interface {
	// Connect connects to libvirtd; the channel is closed when the connection is lost.
	Connect(socket string) (<-chan struct{}, error)
	// Warm makes libvirt load what it knows of QEMU.
	Warm() error
	Create(document string, paused bool) error
	State() (state session.State, reason string, err error)
	Describe() (virt.Description, error)
	Suspend() error
	Resume() error
	// Shutdown and Reboot press the power button.
	Shutdown() error
	Reboot() error
	Reset() error
	Camera
}

// Loader makes the hypervisor for the domain of a name.
type Loader func(domain string, signals *virt.Signals) (Hypervisor, error)

// launcher is one guest and what serves it.
type launcher struct {
	options *Options
	load    Loader
	domain  string
	layout  libvirtd.Layout
	volumes disk.Preparer
	reaper  *reaper.Reaper
	daemon  *libvirtd.Daemon
	daemons sync.WaitGroup
	session *plugin.Session
	signals *virt.Signals
	steps   steps
	// started gets the first Start, stops what ends the guest.
	started chan *session.Start
	stops   chan stop
	// asked tells that a Start has come.
	asked atomic.Bool
	// stopping tells that the guest's end was asked for.
	stopping atomic.Bool
	// obeyed is until when a guest is trusted to end that was told to by its agent, in Unix nanoseconds;
	// -1 while its agent is being asked.
	obeyed atomic.Int64
	// connected gets the hypervisor, or why there is none, once.
	connected chan connection
	port      *serial.Port
	line      *agent.Line
	console   chan struct{}
	// trim gives back memory some time after the last change.
	trim *time.Timer

	// mu guards all below.
	mu         sync.Mutex
	hypervisor Hypervisor
	agent      *agent.Agent
	report     session.Report
	final      bool
	everRan    bool
}

type connection struct {
	hypervisor Hypervisor
	lost       <-chan struct{}
	err        error
}

// Run runs the guest and returns the process's exit code. The end of stopped asks the guest to
// shut down.
func Run(stopped context.Context, options *Options, load Loader) int {
	footprint.Limit()
	// A container runtime that stops reading the log must not end the guest with it.
	signal.Notify(make(chan os.Signal, 1), unix.SIGPIPE)
	l, err := newLauncher(options, load)
	if err != nil {
		klog.Background().Error(err, "Launcher cannot start")
		writeTerminationLog(err.Error())
		return 1
	}
	defer l.reaper.Close()
	ctx, cancel := context.WithCancel(context.WithoutCancel(stopped))
	defer l.daemons.Wait()
	defer cancel()
	return l.finish(ctx, l.run(ctx, stopped))
}

func newLauncher(options *Options, load Loader) (*launcher, error) {
	netns, err := os.Open("/proc/self/ns/net")
	if err != nil {
		return nil, fmt.Errorf("open network namespace: %w", err)
	}
	r, err := reaper.New()
	if err != nil {
		return nil, err
	}
	l := &launcher{
		options: options,
		load:    load,
		domain:  identity.Domain(options.Namespace, options.Name),
		layout:  libvirtd.Layout{Home: privateDir},
		volumes: disk.Preparer{
			ContainerDisks: "/var/run/kubevirt/container-disks",
			KernelBoot:     "/var/run/kubevirt/kernel-boot",
			Claims:         filepath.Join(privateDir, "vmi-disks"),
			Devices:        "/dev",
			Secrets:        "/var/run/kubevirt/secrets",
			Work:           filepath.Join(privateDir, "disks"),
		},
		reaper:    r,
		signals:   virt.NewSignals(),
		started:   make(chan *session.Start, 1),
		stops:     make(chan stop, 8),
		connected: make(chan connection, 1),
		console:   make(chan struct{}),
	}
	l.daemon = libvirtd.New(l.layout, r)
	socket := filepath.Join(session.SocketDir, session.SocketName)
	l.session = plugin.NewSession(socket, netns, l.onStart, l.onCommand)
	return l, nil
}

// run starts the guest when the plugin says how, and returns its final state.
func (l *launcher) run(ctx, stopped context.Context) session.Report {
	log := klog.FromContext(ctx)
	go l.session.Run(ctx)
	cacheError, err := l.layout.Prepare(libvirtd.Templates)
	if err != nil {
		return failed(err)
	}
	if cacheError != nil {
		log.Info("The first start probes QEMU, which takes longer", "err", cacheError)
	}
	l.daemons.Go(func() { l.daemon.Run(ctx) })
	go l.connect(ctx)

	var start *session.Start
	select {
	case start = <-l.started:
	case <-l.stops:
		return stoppedReport()
	case <-stopped.Done():
		return stoppedReport()
	}
	l.steps.done("startReceived")
	l.publish(session.Report{State: session.StateStarting})
	lost, pid, err := l.startGuest(ctx, stopped, start)
	if errors.Is(err, context.Canceled) {
		return stoppedReport()
	}
	if err != nil {
		return failed(err)
	}
	l.trim = time.AfterFunc(trimAfter, func() {
		if err := footprint.Trim(); err != nil {
			log.Info("Memory of the start is kept", "err", err)
		}
	})
	go l.follow(ctx, lost)
	return l.supervise(ctx, stopped, pid)
}

// connect loads libvirt while libvirtd starts, and connects as soon as it listens.
func (l *launcher) connect(ctx context.Context) {
	h, err := l.load(l.domain, l.signals)
	if err != nil {
		l.connected <- connection{err: err}
		return
	}
	l.steps.done("libvirtLoaded")
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	lost, err := l.daemon.Connect(ctx, h.Connect)
	l.steps.done("libvirtConnected")
	l.connected <- connection{hypervisor: h, lost: lost, err: err}
	if err == nil && !l.asked.Load() {
		// The plugin still plumbs the network: time to do what the first start would wait for.
		if err := h.Warm(); err != nil {
			klog.FromContext(ctx).Info("libvirt does not tell what QEMU can do", "err", err)
		}
	}
}

func (l *launcher) onStart(start *session.Start) {
	l.asked.Store(true)
	select {
	case l.started <- start:
	default: // a resync after the plugin came back: the guest runs already
	}
}

func failed(err error) session.Report {
	return session.Report{State: session.StateFailed, Reason: "StartFailed", Message: err.Error()}
}

func stoppedReport() session.Report {
	return session.Report{State: session.StateShutdown, Reason: "Stopped"}
}
