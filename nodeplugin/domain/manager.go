// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/nodeplugin/console"
	"github.com/virtplane/virtplane/nodeplugin/network"
	"github.com/virtplane/virtplane/nodeplugin/volume"
)

// concurrentPlumbing caps how many pods are plumbed at once; the kernel's network locks let hardly
// more than one go on.
const concurrentPlumbing = 4

// Instances are the instances of the node.
type Instances interface {
	Synced() bool
	Await(context.Context, types.NamespacedName, func(*v1.VirtualMachineInstance) error) (*v1.VirtualMachineInstance, error)
}

// Namespaces finds out in which network namespace the peer of a connection is.
type Namespaces interface {
	Of(conn *net.UnixConn, passed *os.File) (*network.Namespace, error)
}

// Plumber connects a guest with its pod's network.
type Plumber interface {
	Plumb(*network.Namespace, *v1.VirtualMachineInstance) (*network.Result, error)
}

// Sink takes what is known of a guest; it must not block.
type Sink interface {
	Submit(volume.Volume, Facts)
}

// Config is what a Manager works with.
type Config struct {
	Layout     volume.Layout
	Logs       *console.Logs
	Instances  Instances
	Namespaces Namespaces
	Plumber    Plumber
	Sink       Sink
	// Closed is called after a volume was closed; it may be nil.
	Closed func()
}

// Manager serves the launchers of the node, one Guest for each published volume.
type Manager struct {
	config   Config
	plumbing chan struct{}
	ctx      context.Context
	cancel   context.CancelFunc
	running  sync.WaitGroup

	// mu guards the maps.
	mu     sync.Mutex
	guests map[string]*Guest
	// namespaces are those of the open sessions. One is in use for as long as its session is: the
	// kernel gives its number to another namespace later.
	namespaces map[network.ID]*Guest
}

// NewManager returns a Manager; ctx carries its logger and ends its work.
func NewManager(ctx context.Context, config Config) (*Manager, error) {
	switch {
	case config.Instances == nil, config.Namespaces == nil, config.Plumber == nil, config.Sink == nil, config.Logs == nil:
		return nil, errors.New("instances, namespaces, plumber, sink and logs are required")
	case config.Layout.Kubelet == "":
		return nil, errors.New("kubelet directory is required")
	}
	m := &Manager{
		config: config, plumbing: make(chan struct{}, concurrentPlumbing),
		guests: map[string]*Guest{}, namespaces: map[network.ID]*Guest{},
	}
	m.ctx, m.cancel = context.WithCancel(ctx)
	return m, nil
}

// Wait ends all work and waits for it. The sockets stay, for the next process.
func (m *Manager) Wait() {
	m.cancel()
	m.running.Wait()
}

// Open makes the session directory of v and listens in it. It does nothing for a volume that is
// open.
func (m *Manager) Open(v volume.Volume) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if g := m.guests[v.ID]; g != nil {
		if g.Volume != v {
			return fmt.Errorf("volume %s is open for the pod %s/%s", v.ID, g.Volume.Namespace, g.Volume.PodName)
		}
		return nil
	}
	directory, err := volume.Create(m.config.Layout, v)
	if err != nil {
		return err
	}
	defer directory.Close()
	listener, err := directory.Listen()
	if err != nil {
		return err
	}
	logger := klog.FromContext(m.ctx).WithValues("vmi", v.Ref(), "pod", klog.KRef(v.Namespace, v.PodName))
	g := newGuest(m, v, m.newHub(logger, v), logger)
	m.guests[v.ID] = g
	m.running.Go(func() { g.accept(listener) })
	return nil
}

// newHub returns the console of v. A disk that takes no log must not keep a guest from running.
func (m *Manager) newHub(logger klog.Logger, v volume.Volume) *console.Hub {
	log, err := m.config.Logs.Open(types.NamespacedName{Namespace: v.Namespace, Name: v.Instance}, v.InstanceUID)
	if err != nil {
		logger.Error(err, "Console output is not kept")
		log = &console.Log{}
	}
	return console.NewHub(log, logger)
}

// Close ends the session and the console of the volume id, and removes its directory. It does
// nothing for a volume that is not open.
func (m *Manager) Close(id string) error {
	m.mu.Lock()
	g := m.guests[id]
	m.mu.Unlock()
	if g == nil {
		return nil
	}
	g.close()
	if err := volume.Remove(m.config.Layout, g.Volume.Target); err != nil {
		return err
	}
	m.mu.Lock()
	if m.guests[id] == g {
		delete(m.guests, id)
	}
	m.mu.Unlock()
	if m.config.Closed != nil {
		m.config.Closed()
	}
	return nil
}

// Published returns the open volume id.
func (m *Manager) Published(id string) (volume.Volume, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	g := m.guests[id]
	if g == nil || g.ctx.Err() != nil {
		return volume.Volume{}, false
	}
	return g.Volume, true
}

// Lookup returns the guest of an instance, or nil. While a pod of an earlier instance of that name
// is still there, it is the one with a session.
func (m *Manager) Lookup(name types.NamespacedName) *Guest {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found *Guest
	for _, g := range m.guests {
		if g.Volume.Namespace != name.Namespace || g.Volume.Instance != name.Name || g.ctx.Err() != nil {
			continue
		}
		if found == nil || g.Connected() {
			found = g
		}
	}
	return found
}

// claim notes that g's session is in the namespace id.
func (m *Manager) claim(id network.ID, g *Guest) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if other := m.namespaces[id]; other != nil && other != g {
		return fmt.Errorf("the network namespace belongs to the session of the pod %s/%s", other.Volume.Namespace, other.Volume.PodName)
	}
	m.namespaces[id] = g
	return nil
}

func (m *Manager) release(id network.ID, g *Guest) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.namespaces[id] == g {
		delete(m.namespaces, id)
	}
}

// Serves tells whether a volume of the instance uid is open.
func (m *Manager) Serves(uid types.UID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, g := range m.guests {
		if g.Volume.InstanceUID == uid {
			return true
		}
	}
	return false
}
