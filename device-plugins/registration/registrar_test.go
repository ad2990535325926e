// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package registration

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthapi "google.golang.org/grpc/health/grpc_health_v1"
	registerapi "k8s.io/kubelet/pkg/apis/pluginregistration/v1"
)

const patience = 20 * time.Second

// start runs a registrar of a plugin with a health service, and returns the registry directory.
func start(t *testing.T, name string) (r *Registrar, registry string, ended <-chan error) {
	t.Helper()
	// A directory named after the test could make paths too long for a socket.
	dir, err := os.MkdirTemp("", "reg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	registry = filepath.Join(dir, "plugins_registry")
	r, err = New(registry, Plugin{
		Type: registerapi.DevicePlugin, Name: name, Socket: filepath.Join(dir, "plugins", "p.sock"), Versions: []string{"v1beta1"},
		Services: func(s grpc.ServiceRegistrar) { healthapi.RegisterHealthServer(s, health.NewServer()) },
	})
	if err != nil {
		t.Fatal(err)
	}
	r.patience = 300 * time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	finished := make(chan struct{})
	go func() {
		done <- r.Run(ctx)
		close(finished)
	}()
	t.Cleanup(func() {
		cancel()
		<-finished
		for _, path := range []string{r.socket(), r.plugin.Socket} {
			if _, err := os.Lstat(path); !os.IsNotExist(err) {
				t.Errorf("%s is left: %v", path, err)
			}
		}
	})
	return r, registry, done
}

func dial(t *testing.T, path string) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient("unix://"+path, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// register does what the kubelet does with a socket in its registry.
func register(t *testing.T, registry string, accept *registerapi.RegistrationStatus) *registerapi.PluginInfo {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	client := registerapi.NewRegistrationClient(dial(t, awaitSocket(ctx, t, registry)))
	// The file is there a moment before somebody listens.
	info, err := client.GetInfo(ctx, &registerapi.InfoRequest{}, grpc.WaitForReady(true))
	if err != nil {
		t.Fatal(err)
	}
	// The process may end before it has answered a refusal.
	if _, err := client.NotifyRegistrationStatus(ctx, accept); err != nil && accept.PluginRegistered {
		t.Fatal(err)
	}
	return info
}

// awaitSocket returns the only socket in a directory once there is one.
func awaitSocket(ctx context.Context, t *testing.T, dir string) string {
	t.Helper()
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		t.Fatal(err)
	}
	defer watcher.Close()
	if err := os.MkdirAll(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	if err := watcher.Add(dir); err != nil {
		t.Fatal(err)
	}
	for {
		sockets, err := filepath.Glob(dir + "/*")
		if err != nil {
			t.Fatal(err)
		}
		if len(sockets) == 1 {
			return sockets[0]
		}
		select {
		case <-watcher.Events:
		case err := <-watcher.Errors:
			t.Fatal(err)
		case <-ctx.Done():
			t.Fatalf("no socket to register with in %v", sockets)
		}
	}
}

func serves(t *testing.T, path string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, err := healthapi.NewHealthClient(dial(t, path)).Check(ctx, &healthapi.HealthCheckRequest{}, grpc.WaitForReady(true))
	if err != nil {
		t.Fatal(err)
	}
}

func TestPluginIsAnnouncedAndServed(t *testing.T) {
	r, registry, _ := start(t, "devices.kubevirt.io/kvm")
	if r.Registered() {
		t.Fatal("registered before the kubelet came")
	}
	info := register(t, registry, &registerapi.RegistrationStatus{PluginRegistered: true})
	if info.Type != "DevicePlugin" || info.Name != "devices.kubevirt.io/kvm" || info.SupportedVersions[0] != "v1beta1" {
		t.Fatalf("got %v", info)
	}
	if !r.Registered() {
		t.Fatal("not registered")
	}
	serves(t, info.Endpoint)
	for _, path := range []string{r.socket(), info.Endpoint} {
		if stat, err := os.Stat(path); err != nil || stat.Mode().Perm() != 0o600 {
			t.Fatalf("%s: %v, %v", path, stat.Mode(), err)
		}
	}
}

func TestSocketsComeBack(t *testing.T) {
	r, registry, _ := start(t, "node.virtplane.io")
	info := register(t, registry, &registerapi.RegistrationStatus{PluginRegistered: true})
	// A call that is open while its socket is removed goes on.
	watch, err := healthapi.NewHealthClient(dial(t, info.Endpoint)).Watch(t.Context(), &healthapi.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := watch.Recv(); err != nil {
		t.Fatal(err)
	}
	for name, clean := range map[string]func() error{
		"registration": func() error { return os.Remove(r.socket()) },
		"endpoint":     func() error { return os.Remove(info.Endpoint) },
		// Renamed first: the sockets come back faster than a directory can be emptied.
		"endpoint's directory": func() error { return removeDirectory(filepath.Dir(info.Endpoint)) },
		"registry":             func() error { return removeDirectory(registry) },
		"replaced": func() error {
			other := filepath.Join(filepath.Dir(registry), "other")
			if err := os.WriteFile(other, nil, 0o600); err != nil {
				return err
			}
			return os.Rename(other, info.Endpoint)
		},
	} {
		t.Run(name, func(t *testing.T) {
			if err := clean(); err != nil {
				t.Fatal(err)
			}
			again := register(t, registry, &registerapi.RegistrationStatus{PluginRegistered: true})
			serves(t, again.Endpoint)
		})
	}
	received := make(chan error, 1)
	go func() {
		_, err := watch.Recv()
		received <- err
	}()
	select {
	case err := <-received:
		t.Fatalf("the open call ended: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
}

func removeDirectory(path string) error {
	if err := os.Rename(path, path+".old"); err != nil {
		return err
	}
	return os.RemoveAll(path + ".old")
}

func TestRefusalThatStaysEndsTheProcessWithTheReason(t *testing.T) {
	r, registry, ended := start(t, "node.virtplane.io")
	// The kubelet may change its mind.
	register(t, registry, &registerapi.RegistrationStatus{PluginRegistered: false, Error: "API server is away"})
	register(t, registry, &registerapi.RegistrationStatus{PluginRegistered: true})
	select {
	case err := <-ended:
		t.Fatalf("ended: %v", err)
	case <-time.After(2 * r.patience):
	}
	register(t, registry, &registerapi.RegistrationStatus{PluginRegistered: false, Error: "name is taken"})
	select {
	case err := <-ended:
		if err == nil || !strings.Contains(err.Error(), "name is taken") {
			t.Fatalf("got %v", err)
		}
	case <-time.After(patience):
		t.Fatal("goes on")
	}
}

func TestPathThatNoSocketCanHaveIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), strings.Repeat("x", maxPath), "p.sock")
	if _, err := listen(path); err == nil || !strings.Contains(err.Error(), "107") {
		t.Fatalf("got %v", err)
	}
}

// TestStaleSocketsAreReplaced is about a process that was killed.
func TestStaleSocketsAreReplaced(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "p.sock")
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false)
	stale.Close()
	s, err := listen(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.remove()
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}
