// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/session"
	"github.com/virtplane/virtplane/nodeplugin/console"
	"github.com/virtplane/virtplane/nodeplugin/network"
	"github.com/virtplane/virtplane/nodeplugin/network/networktest"
	"github.com/virtplane/virtplane/nodeplugin/volume"
)

const patience = 10 * time.Second

// fakeCache is an API server's watch cache in memory.
type fakeCache struct {
	mu      sync.Mutex
	synced  bool
	vmis    map[types.NamespacedName]*v1.VirtualMachineInstance
	changed chan struct{}
}

func newFakeCache(vmis ...*v1.VirtualMachineInstance) *fakeCache {
	m := &fakeCache{synced: true, vmis: map[types.NamespacedName]*v1.VirtualMachineInstance{}, changed: make(chan struct{})}
	for _, vmi := range vmis {
		m.put(vmi)
	}
	return m
}

func nameOf(vmi *v1.VirtualMachineInstance) types.NamespacedName {
	return types.NamespacedName{Namespace: vmi.Namespace, Name: vmi.Name}
}

func (m *fakeCache) put(vmi *v1.VirtualMachineInstance) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.vmis[nameOf(vmi)] = vmi
	close(m.changed)
	m.changed = make(chan struct{})
}

func (m *fakeCache) Synced() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.synced
}

func (m *fakeCache) Get(name types.NamespacedName) *v1.VirtualMachineInstance {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.vmis[name]
}

func (m *fakeCache) Await(ctx context.Context, name types.NamespacedName, accept func(*v1.VirtualMachineInstance) error) (*v1.VirtualMachineInstance, error) {
	for {
		m.mu.Lock()
		vmi, changed := m.vmis[name], m.changed
		m.mu.Unlock()
		err := accept(vmi)
		if err == nil {
			return vmi, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, err
		}
	}
}

// recorded is a Sink that keeps all facts.
type recorded struct {
	mu      sync.Mutex
	facts   map[types.UID][]Facts
	changed chan struct{}
}

func (r *recorded) Submit(v volume.Volume, f Facts) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.facts[v.InstanceUID] = append(r.facts[v.InstanceUID], f)
	close(r.changed)
	r.changed = make(chan struct{})
}

// await waits for facts about uid of which accept is true.
func (r *recorded) await(t *testing.T, uid types.UID, accept func(Facts) bool) Facts {
	t.Helper()
	timeout := time.After(patience)
	for {
		r.mu.Lock()
		for _, f := range r.facts[uid] {
			if accept(f) {
				r.mu.Unlock()
				return f
			}
		}
		changed := r.changed
		r.mu.Unlock()
		select {
		case <-changed:
		case <-timeout:
			t.Fatal("the facts do not come")
		}
	}
}

// node is a Manager with the real network code.
type node struct {
	*Manager
	instances *fakeCache
	sink      *recorded
	layout    volume.Layout
}

func newNode(t *testing.T, vmis ...*v1.VirtualMachineInstance) *node {
	t.Helper()
	n := &node{
		instances: newFakeCache(vmis...), layout: volume.Layout{Kubelet: t.TempDir(), Driver: v1.CSIDriverName},
		sink: &recorded{facts: map[types.UID][]Facts{}, changed: make(chan struct{})},
	}
	n.start(t)
	return n
}

// start makes a new Manager, as a new process does.
func (n *node) start(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	sysctls, err := network.OpenSysctls()
	if err != nil {
		t.Fatal(err)
	}
	guard, err := network.NewGuard(sysctls)
	if err != nil {
		t.Fatal(err)
	}
	n.Manager, err = NewManager(t.Context(), Config{
		Layout: n.layout, Logs: console.NewLogs(n.layout.Logs(), console.DefaultLimits), Instances: n.instances, Namespaces: guard, Sink: n.sink,
		Plumber: &network.Plumber{Sysctls: sysctls, TunDevice: "/dev/net/tun"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Wait)
}

// instance returns a VMI on this node with a NIC, and its volume.
func (n *node) instance(name string) (*v1.VirtualMachineInstance, volume.Volume) {
	vmi := scheduled()
	vmi.Name, vmi.UID = name, types.UID("uid-"+name)
	vmi.Status.ActivePods = map[types.UID]string{types.UID("pod-" + name): "node1"}
	vmi.Spec.Domain.Devices.Interfaces = []v1.Interface{{
		Name: "default", InterfaceBindingMethod: v1.InterfaceBindingMethod{Masquerade: &v1.InterfaceMasquerade{}},
	}}
	vmi.Spec.Networks = []v1.Network{{Name: "default", NetworkSource: v1.NetworkSource{Pod: &v1.PodNetwork{}}}}
	v := volume.Volume{
		ID: "csi-" + name, Namespace: vmi.Namespace, PodName: "virt-launcher-" + name, PodUID: types.UID("pod-" + name),
		Instance: name, InstanceUID: vmi.UID,
		Target: filepath.Join(n.layout.Kubelet, "pods", "pod-"+name, "volumes/kubernetes.io~csi/session/mount"),
	}
	return vmi, v
}

// open publishes a volume for a new instance called name.
func (n *node) open(t *testing.T, name string) volume.Volume {
	t.Helper()
	vmi, v := n.instance(name)
	n.instances.put(vmi)
	if err := os.MkdirAll(filepath.Dir(v.Target), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := n.Open(v); err != nil {
		t.Fatal(err)
	}
	return v
}

// launcher is a scripted launcher in a pod of its own.
type launcher struct {
	t    *testing.T
	pod  *networktest.Pod
	dir  *os.File
	conn *session.Conn
}

func newLauncher(t *testing.T, v volume.Volume) *launcher {
	t.Helper()
	l := &launcher{t: t, pod: networktest.NewPod(t, "192.0.2.10/24")}
	var err error
	if l.dir, err = os.Open(v.Target); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.dir.Close() })
	return l
}

// dial connects from within the pod, through an open directory as a container's mount is one.
func (l *launcher) dial() *session.Conn {
	l.t.Helper()
	var sock *net.UnixConn
	path := "/proc/self/fd/" + strconv.Itoa(int(l.dir.Fd())) + "/" + session.SocketName
	l.pod.Do(l.t, func() (err error) {
		sock, err = net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
		return err
	})
	l.t.Cleanup(func() { sock.Close() })
	if err := sock.SetReadDeadline(time.Now().Add(patience)); err != nil {
		l.t.Fatal(err)
	}
	return session.NewConn(sock, session.MaxFromPlugin)
}

// hello opens a session as a launcher does.
func (l *launcher) hello() {
	l.t.Helper()
	l.conn = l.dial()
	l.send(&session.Message{Hello: &session.Hello{Version: session.Version, Kind: session.KindSession}}, int(l.pod.File.Fd()))
}

func (l *launcher) send(m *session.Message, fds ...int) {
	l.t.Helper()
	if err := l.conn.Send(m, fds...); err != nil {
		l.t.Fatal(err)
	}
}

func (l *launcher) receive() *session.Message {
	l.t.Helper()
	m, _, err := l.conn.Receive()
	if err != nil {
		l.t.Fatal(err)
	}
	return m
}

// connect opens a session and takes the Start.
func (l *launcher) connect() *session.Start {
	l.t.Helper()
	l.hello()
	m := l.receive()
	if m.Start == nil {
		l.t.Fatalf("got %+v", m)
	}
	return m.Start
}

func (l *launcher) report(state session.State) {
	l.t.Helper()
	l.send(&session.Message{Report: &session.Report{State: state, Emulated: true}})
}

// waitClosed waits until the plugin has closed the connection.
func waitClosed(t *testing.T, conn *session.Conn) {
	t.Helper()
	for {
		_, _, err := conn.Receive()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal("the connection stays open")
		}
		if err != nil {
			return
		}
	}
}

func fifo(t *testing.T) int {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}
