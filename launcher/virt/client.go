// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build libvirt_dlopen

package virt

import (
	"errors"
	"fmt"
	"sync"

	"libvirt.org/go/libvirt"

	"github.com/virtplane/virtplane/launcher/session"
)

// Client is a connection to libvirtd that can be made anew.
type Client struct {
	name    string
	signals *Signals

	// mu guards conn, which is nil until the first connection.
	mu   sync.Mutex
	conn *libvirt.Connect
}

// errNotConnected is returned while libvirtd is away.
var errNotConnected = errors.New("libvirtd does not answer, try again")

// NewClient loads libvirt and begins to handle its events. Events of the domain called name go to
// signals.
func NewClient(name string, signals *Signals) (*Client, error) {
	if err := libvirt.EventRegisterDefaultImpl(); err != nil {
		return nil, fmt.Errorf("load libvirt: %w", err)
	}
	go func() {
		for {
			// An error here is one that the connection's own calls return as well.
			_ = libvirt.EventRunDefaultImpl()
		}
	}()
	return &Client{name: name, signals: signals}, nil
}

// Connect connects to libvirtd's socket. The channel is closed when the connection is lost.
func (c *Client) Connect(socket string) (<-chan struct{}, error) {
	conn, err := libvirt.NewConnect("qemu+unix:///session?socket=" + socket)
	if err != nil {
		return nil, fmt.Errorf("connect to libvirtd: %w", err)
	}
	lost := make(chan struct{})
	err = conn.RegisterCloseCallback(func(*libvirt.Connect, libvirt.ConnectCloseReason) { close(lost) })
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("connect to libvirtd: %w", err)
	}
	if err := c.subscribe(conn); err != nil {
		conn.Close()
		return nil, fmt.Errorf("connect to libvirtd: %w", err)
	}
	c.mu.Lock()
	old := c.conn
	c.conn = conn
	c.mu.Unlock()
	if old != nil {
		old.Close()
	}
	return lost, nil
}

func (c *Client) subscribe(conn *libvirt.Connect) error {
	_, err1 := conn.DomainEventLifecycleRegister(nil, func(_ *libvirt.Connect, d *libvirt.Domain, e *libvirt.DomainEventLifecycle) {
		c.lifecycle(d, e)
	})
	_, err2 := conn.DomainEventAgentLifecycleRegister(nil, func(_ *libvirt.Connect, _ *libvirt.Domain, e *libvirt.DomainEventAgentLifecycle) {
		c.signals.SetAgent(e.State == libvirt.CONNECT_DOMAIN_EVENT_AGENT_LIFECYCLE_STATE_CONNECTED)
		c.signals.changed()
	})
	_, err3 := conn.DomainEventIOErrorReasonRegister(nil, func(*libvirt.Connect, *libvirt.Domain, *libvirt.DomainEventIOErrorReason) {
		c.signals.changed()
	})
	_, err4 := conn.DomainEventRebootRegister(nil, func(*libvirt.Connect, *libvirt.Domain) { c.signals.changed() })
	return errors.Join(err1, err2, err3, err4)
}

func (c *Client) lifecycle(d *libvirt.Domain, e *libvirt.DomainEventLifecycle) {
	if name, err := d.GetName(); err != nil || name != c.name {
		return
	}
	switch e.Event {
	case libvirt.DOMAIN_EVENT_SHUTDOWN:
		if libvirt.DomainEventShutdownDetailType(e.Detail) != libvirt.DOMAIN_EVENT_SHUTDOWN_HOST {
			c.signals.Tell(EndShutdown)
			return
		}
	case libvirt.DOMAIN_EVENT_CRASHED:
		c.signals.Tell(EndPanicked)
		return
	case libvirt.DOMAIN_EVENT_STOPPED:
		switch libvirt.DomainEventStoppedDetailType(e.Detail) {
		case libvirt.DOMAIN_EVENT_STOPPED_SHUTDOWN:
			c.signals.Tell(EndShutdown)
		case libvirt.DOMAIN_EVENT_STOPPED_DESTROYED:
			c.signals.Tell(EndStopped)
		default:
			c.signals.Tell(EndCrashed)
		}
		return
	}
	c.signals.changed()
}

func (c *Client) connection() (*libvirt.Connect, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == nil {
		return nil, errNotConnected
	}
	return c.conn, nil
}

// Warm makes libvirt load what it knows of QEMU, which the first start needs.
func (c *Client) Warm() error {
	conn, err := c.connection()
	if err != nil {
		return err
	}
	_, err = conn.GetDomainCapabilities("/usr/bin/qemu-system-x86_64", "x86_64", "q35", "", 0)
	return explain(err)
}

// Create starts the domain, with its CPUs stopped if paused.
func (c *Client) Create(document string, paused bool) error {
	conn, err := c.connection()
	if err != nil {
		return err
	}
	flags := libvirt.DOMAIN_NONE
	if paused {
		flags = libvirt.DOMAIN_START_PAUSED
	}
	d, err := conn.DomainCreateXML(document, flags)
	if err != nil {
		return explain(err)
	}
	return d.Free()
}

// withDomain runs f on the domain.
func (c *Client) withDomain(f func(*libvirt.Domain) error) error {
	conn, err := c.connection()
	if err != nil {
		return err
	}
	d, err := conn.LookupDomainByName(c.name)
	if err != nil {
		return explain(err)
	}
	defer func() { _ = d.Free() }()
	return explain(f(d))
}

// State reads whether the guest runs, and why it does not.
func (c *Client) State() (session.State, string, error) {
	var state session.State
	var reason string
	err := c.withDomain(func(d *libvirt.Domain) error {
		s, r, err := d.GetState()
		state, reason = convertState(s, r)
		return err
	})
	return state, reason, err
}

// Describe reads what does not change, and whether the agent is connected: libvirt tells of that
// only in the domain's XML and, on a change, by an event.
func (c *Client) Describe() (Description, error) {
	var description Description
	err := c.withDomain(func(d *libvirt.Domain) error {
		document, err := d.GetXMLDesc(0)
		if err != nil {
			return err
		}
		description, err = c.signals.describe(document)
		return err
	})
	return description, err
}

// Suspend stops the guest's CPUs.
func (c *Client) Suspend() error {
	return c.withDomain(func(d *libvirt.Domain) error { return d.Suspend() })
}

// Resume lets the guest's CPUs run.
func (c *Client) Resume() error {
	return c.withDomain(func(d *libvirt.Domain) error { return d.Resume() })
}

// Shutdown presses the power button.
func (c *Client) Shutdown() error {
	return c.withDomain(func(d *libvirt.Domain) error { return d.ShutdownFlags(libvirt.DOMAIN_SHUTDOWN_ACPI_POWER_BTN) })
}

// Reboot presses the power button and has the guest start again. A guest that has not listened to the
// button starts again when it shuts down later.
func (c *Client) Reboot() error {
	return c.withDomain(func(d *libvirt.Domain) error { return d.Reboot(libvirt.DOMAIN_REBOOT_ACPI_POWER_BTN) })
}

// Reset starts the guest again without asking it.
func (c *Client) Reset() error {
	return c.withDomain(func(d *libvirt.Domain) error { return d.Reset(0) })
}

func convertState(state libvirt.DomainState, reason int) (session.State, string) {
	switch state {
	case libvirt.DOMAIN_PAUSED:
		switch libvirt.DomainPausedReason(reason) {
		case libvirt.DOMAIN_PAUSED_IOERROR:
			return session.StatePaused, "IOError"
		case libvirt.DOMAIN_PAUSED_USER:
			return session.StatePaused, "UserPause"
		case libvirt.DOMAIN_PAUSED_STARTING_UP:
			return session.StateStarting, ""
		}
		return session.StatePaused, ""
	case libvirt.DOMAIN_SHUTOFF, libvirt.DOMAIN_CRASHED, libvirt.DOMAIN_NOSTATE:
		return session.StateStarting, ""
	}
	return session.StateRunning, ""
}

// explain turns libvirt's errors into ones that this package's users know.
func explain(err error) error {
	var e libvirt.Error
	if errors.As(err, &e) {
		switch e.Code {
		case libvirt.ERR_NO_DOMAIN:
			return ErrNoDomain
		case libvirt.ERR_CPU_INCOMPATIBLE:
			return fmt.Errorf("spec.domain.cpu: this node cannot give the guest that CPU; take another model or fewer features: %s", e.Message)
		}
		return errors.New(e.Message)
	}
	return err
}
