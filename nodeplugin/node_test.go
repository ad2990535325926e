// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package nodeplugin

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"github.com/gorilla/websocket"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"k8s.io/apimachinery/pkg/types"
	registerapi "k8s.io/kubelet/pkg/apis/pluginregistration/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/device-plugins/devices"
	"github.com/virtplane/virtplane/launcher/session"
	"github.com/virtplane/virtplane/nodeplugin/console"
	"github.com/virtplane/virtplane/nodeplugin/network/networktest"
	"github.com/virtplane/virtplane/nodeplugin/volume"
)

const (
	testNode      = "node1"
	testNamespace = "virtplane-system"
	patience      = 20 * time.Second
)

// testNodePlugin is a whole node plugin with a kubelet and an API server around it.
type testNodePlugin struct {
	t      testing.TB
	api    *fakeAPI
	config *Config
	client *tls.Config
	driver *grpc.ClientConn
	stop   func()
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func newTestNode(t testing.TB) *testNodePlugin {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	api := newFakeAPI(t)
	// The kubelet dials sockets by their whole path, which has to fit into 107 bytes.
	dir, err := os.MkdirTemp("", "np")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	n := &testNodePlugin{
		t: t, api: api, stop: func() {},
		client: api.identity("spiffe://virtplane.io/apiserver", x509.ExtKeyUsageClientAuth),
		config: &Config{
			Node: testNode, Namespace: testNamespace, Version: "v0", Client: api.client(), Logs: console.DefaultLimits,
			Layout: volume.Layout{Kubelet: filepath.Join(dir, "kubelet"), Driver: v1.CSIDriverName},
			Host:   devices.Host{Dev: "/dev", Proc: "/proc"}, CDIDir: filepath.Join(dir, "cdi"),
			StreamAddress: freePort(t), HealthAddress: freePort(t),
		},
	}
	n.start()
	t.Cleanup(func() { n.stop() })
	return n
}

// start runs a process's worth of a node plugin, and lets the kubelet register it.
func (n *testNodePlugin) start() {
	n.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	plugin, err := New(ctx, n.config)
	if err != nil {
		n.t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		err := plugin.Run(ctx)
		if err != nil {
			n.t.Errorf("run: %v", err)
		}
		done <- err
	}()
	n.stop = func() {
		cancel()
		<-done
		n.stop = func() {}
	}
	n.register()
}

// register plays the kubelet until all plugins have been accepted.
func (n *testNodePlugin) register() {
	n.t.Helper()
	seen := map[string]bool{}
	for deadline := time.Now().Add(patience); len(seen) < 4; time.Sleep(10 * time.Millisecond) {
		sockets, _ := filepath.Glob(n.config.Layout.Registry() + "/*.sock")
		for _, path := range sockets {
			if seen[path] {
				continue
			}
			conn := n.dialPlugin(path)
			client := registerapi.NewRegistrationClient(conn)
			if _, err := client.GetInfo(context.Background(), &registerapi.InfoRequest{}); err != nil {
				continue
			}
			if _, err := client.NotifyRegistrationStatus(context.Background(), &registerapi.RegistrationStatus{PluginRegistered: true}); err != nil {
				n.t.Fatal(err)
			}
			seen[path] = true
		}
		if time.Now().After(deadline) {
			n.t.Fatalf("registered only %v", seen)
		}
	}
}

func (n *testNodePlugin) dialPlugin(path string) *grpc.ClientConn {
	n.t.Helper()
	conn, err := grpc.NewClient("unix://"+path, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { conn.Close() })
	return conn
}

// csi returns the kubelet's client of the driver.
func (n *testNodePlugin) csi() csi.NodeClient {
	if n.driver == nil {
		n.driver = n.dialPlugin(n.config.Layout.Plugin() + "/csi.sock")
	}
	return csi.NewNodeClient(n.driver)
}

// ready waits for /readyz.
func (n *testNodePlugin) ready() {
	n.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		answer, err := http.Get("http://" + n.config.HealthAddress + "/readyz")
		if err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			n.t.Fatalf("not ready: %v, %v", answer, err)
		}
	}
}

// guest is an instance with its pod, its volume and a scripted launcher.
type guest struct {
	n       *testNodePlugin
	name    string
	pod     *networktest.Pod
	request *csi.NodePublishVolumeRequest
	dir     *os.File
	conn    *session.Conn
	console *session.Conn
	start   *session.Start
}

// schedule makes an instance as virt-controller leaves it, and publishes its volume as the
// kubelet does.
func (n *testNodePlugin) schedule(name string) *guest {
	n.t.Helper()
	vmi := &v1.VirtualMachineInstance{}
	vmi.Namespace, vmi.Name, vmi.UID = "tenant", name, types.UID("uid-"+name)
	vmi.Spec.Domain.Devices.Interfaces = []v1.Interface{{
		Name: "default", InterfaceBindingMethod: v1.InterfaceBindingMethod{Masquerade: &v1.InterfaceMasquerade{}},
	}}
	vmi.Spec.Networks = []v1.Network{{Name: "default", NetworkSource: v1.NetworkSource{Pod: &v1.PodNetwork{}}}}
	vmi.Spec.Volumes = []v1.Volume{{Name: "root"}}
	vmi.Status.Phase, vmi.Status.NodeName = v1.Scheduled, testNode
	vmi.Status.ActivePods = map[types.UID]string{types.UID("pod-" + name): testNode}
	n.api.put(vmi)
	g := &guest{n: n, name: name, pod: networktest.NewPod(n.t, "192.0.2.10/24")}
	target := filepath.Join(n.config.Layout.Kubelet, "pods", "pod-"+name, "volumes/kubernetes.io~csi/session/mount")
	if err := os.MkdirAll(filepath.Dir(target), 0o750); err != nil {
		n.t.Fatal(err)
	}
	g.request = &csi.NodePublishVolumeRequest{
		VolumeId: "csi-" + name, TargetPath: target, Readonly: true,
		VolumeCapability: &csi.VolumeCapability{AccessType: &csi.VolumeCapability_Mount{Mount: &csi.VolumeCapability_MountVolume{}}},
		VolumeContext: map[string]string{
			"vmi": name, "uid": "uid-" + name, "csi.storage.k8s.io/ephemeral": "true", "csi.storage.k8s.io/pod.name": "virt-launcher-" + name,
			"csi.storage.k8s.io/pod.namespace": "tenant", "csi.storage.k8s.io/pod.uid": "pod-" + name,
		},
	}
	if _, err := n.csi().NodePublishVolume(context.Background(), g.request, grpc.WaitForReady(true)); err != nil {
		n.t.Fatal(err)
	}
	var err error
	if g.dir, err = os.Open(target); err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { g.dir.Close() })
	return g
}

func (g *guest) dial() *session.Conn {
	g.n.t.Helper()
	var sock *net.UnixConn
	path := "/proc/self/fd/" + strconv.Itoa(int(g.dir.Fd())) + "/" + session.SocketName
	g.pod.Do(g.n.t, func() error {
		var err error
		for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
			if sock, err = net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"}); err == nil {
				return nil
			}
		}
		return err
	})
	g.n.t.Cleanup(func() { sock.Close() })
	return session.NewConn(sock, session.MaxFromPlugin)
}

func (g *guest) send(c *session.Conn, m *session.Message, fds ...int) {
	g.n.t.Helper()
	if err := c.Send(m, fds...); err != nil {
		g.n.t.Fatal(err)
	}
}

func (g *guest) receive(c *session.Conn) *session.Message {
	g.n.t.Helper()
	if err := c.Socket().SetReadDeadline(time.Now().Add(patience)); err != nil {
		g.n.t.Fatal(err)
	}
	m, _, err := c.Receive()
	if err != nil {
		g.n.t.Fatal(err)
	}
	return m
}

// connect opens a session, and a console that has put out the bytes of output.
func (g *guest) connect(output string) {
	g.n.t.Helper()
	g.conn = g.dial()
	g.send(g.conn, &session.Message{Hello: &session.Hello{Version: 1, Kind: session.KindSession}}, int(g.pod.File.Fd()))
	m := g.receive(g.conn)
	if m.Start == nil {
		g.n.t.Fatalf("got %+v", m)
	}
	g.start = m.Start
	g.console = g.dial()
	g.send(g.console, &session.Message{Hello: &session.Hello{Version: 1, Kind: session.KindConsole}})
	resume := g.receive(g.console).Resume
	g.send(g.console, &session.Message{ConsoleStart: &session.ConsoleStart{Offset: resume.Offset}})
	if _, err := g.console.Socket().Write([]byte(output[resume.Offset:])); err != nil {
		g.n.t.Fatal(err)
	}
}

func (g *guest) report(state session.State) {
	g.n.t.Helper()
	g.send(g.conn, &session.Message{Report: &session.Report{State: state, Emulated: true, Machine: "pc-q35-10.0", Disks: map[string]string{"root": "vda"}}})
}

func (g *guest) unpublish() {
	g.n.t.Helper()
	_, err := g.n.csi().NodeUnpublishVolume(context.Background(),
		&csi.NodeUnpublishVolumeRequest{VolumeId: g.request.VolumeId, TargetPath: g.request.TargetPath}, grpc.WaitForReady(true))
	if err != nil {
		g.n.t.Fatal(err)
	}
}

func (g *guest) path(verb string) string {
	return "/v1/namespaces/tenant/virtualmachineinstances/" + g.name + "/" + verb
}

// view opens a console stream as virt-apiserver does.
func (g *guest) view(config *tls.Config, protocols ...string) (*websocket.Conn, *http.Response, error) {
	dialer := websocket.Dialer{TLSClientConfig: config, Subprotocols: protocols, HandshakeTimeout: 5 * time.Second}
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		c, answer, err := dialer.Dial("wss://"+g.n.config.StreamAddress+g.path("console"), nil)
		// Until the first certificate is there no handshake succeeds.
		if err == nil || answer != nil || time.Now().After(deadline) || config != g.n.client {
			return c, answer, err
		}
	}
}

// put sends a command as virt-apiserver does, and returns the code and the status's message.
func (g *guest) put(verb, body string) (int, string) {
	g.n.t.Helper()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: g.n.client, DisableKeepAlives: true}}
	request, err := http.NewRequest(http.MethodPut, "https://"+g.n.config.StreamAddress+g.path(verb), readerOf(body))
	if err != nil {
		g.n.t.Fatal(err)
	}
	answer, err := client.Do(request)
	if err != nil {
		g.n.t.Fatal(err)
	}
	defer answer.Body.Close()
	var status struct{ Kind, Message string }
	json.NewDecoder(answer.Body).Decode(&status)
	if answer.StatusCode != http.StatusOK && status.Kind != "Status" {
		g.n.t.Errorf("%s: %d without a Status", verb, answer.StatusCode)
	}
	return answer.StatusCode, status.Message
}

// hears reads a console stream until it ends with want.
func hears(t testing.TB, c *websocket.Conn, want string) string {
	t.Helper()
	got := ""
	c.SetReadDeadline(time.Now().Add(patience))
	for len(got) < len(want) || got[len(got)-len(want):] != want {
		kind, message, err := c.ReadMessage()
		if err != nil {
			t.Fatalf("%v after %q", err, got)
		}
		if kind != websocket.BinaryMessage {
			t.Fatalf("message of kind %d", kind)
		}
		got += string(message)
	}
	return got
}

func inPhase(phase v1.VirtualMachineInstancePhase) func(*v1.VirtualMachineInstance) bool {
	return func(vmi *v1.VirtualMachineInstance) bool { return vmi.Status.Phase == phase }
}

func describe(vmi *v1.VirtualMachineInstance) string {
	return fmt.Sprintf("%s %v", vmi.Status.Phase, vmi.Status.Conditions)
}
