// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	deviceapi "k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"
)

func device(problem error) Device {
	return Device{
		Resource: "devices.kubevirt.io/kvm", Path: "/dev/kvm", Units: 1000,
		Probe: func(context.Context) error { return problem },
	}
}

func newPlugin(t *testing.T, d Device, cdi *CDI) *Plugin {
	t.Helper()
	p, err := New(d, cdi)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// lists is the kubelet's end of ListAndWatch.
type lists struct {
	grpc.ServerStream
	ctx  context.Context
	sent chan *deviceapi.ListAndWatchResponse
}

func (l *lists) Context() context.Context { return l.ctx }
func (l *lists) Send(r *deviceapi.ListAndWatchResponse) error {
	l.sent <- r
	return nil
}

func TestUnitsFollowTheHealthOfTheDevice(t *testing.T) {
	p := newPlugin(t, device(nil), nil)
	stream := &lists{ctx: t.Context(), sent: make(chan *deviceapi.ListAndWatchResponse)}
	go p.ListAndWatch(&deviceapi.Empty{}, stream)
	expect := func(health string) {
		t.Helper()
		list := <-stream.sent
		if len(list.Devices) != 1000 {
			t.Fatalf("%d units", len(list.Devices))
		}
		ids := map[string]bool{}
		for _, d := range list.Devices {
			ids[d.ID] = true
			if d.Health != health {
				t.Fatalf("unit %s is %s, want %s", d.ID, d.Health, health)
			}
		}
		if len(ids) != 1000 {
			t.Fatal("units share IDs")
		}
	}
	expect(deviceapi.Unhealthy) // nobody has looked yet
	p.set(nil)
	expect(deviceapi.Healthy)
	p.set(nil)
	p.set(errors.New("module unloaded"))
	expect(deviceapi.Unhealthy)
}

func TestRunProbes(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	d := device(nil)
	d.Probe = func(context.Context) error {
		cancel()
		return errors.New("broken")
	}
	p := newPlugin(t, d, nil)
	p.Run(ctx)
	if err := p.Problem(); err == nil || err.Error() != "broken" {
		t.Fatalf("got %v", err)
	}
}

func TestAllocate(t *testing.T) {
	request := &deviceapi.AllocateRequest{ContainerRequests: []*deviceapi.ContainerAllocateRequest{
		{DevicesIds: []string{"1"}}, {DevicesIds: []string{"2", "3"}},
	}}
	dir := t.TempDir()
	cdi, err := NewCDI(dir, 107, []Device{device(nil)})
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		cdi  *CDI
		want string
	}{"without CDI": {nil, ""}, "with CDI": {cdi, "virtplane.io/device=kvm"}} {
		p := newPlugin(t, device(nil), tc.cdi)
		if _, err := p.Allocate(t.Context(), request); status.Code(err) != codes.Unavailable {
			t.Fatalf("%s: a device that is not usable: %v", name, err)
		}
		p.set(nil)
		answer, err := p.Allocate(t.Context(), request)
		if err != nil || len(answer.ContainerResponses) != 2 {
			t.Fatalf("%s: %v, %v", name, answer, err)
		}
		for _, c := range answer.ContainerResponses {
			if len(c.Devices) != 1 || c.Devices[0].HostPath != "/dev/kvm" || c.Devices[0].ContainerPath != "/dev/kvm" || c.Devices[0].Permissions != "rw" {
				t.Fatalf("%s: %v", name, c.Devices)
			}
			if got := len(c.CdiDevices); (got == 1) != (tc.want != "") || got == 1 && c.CdiDevices[0].Name != tc.want {
				t.Fatalf("%s: %v", name, c.CdiDevices)
			}
		}
	}
	// The runtime refuses containers that name what it does not know.
	if err := os.Remove(filepath.Join(dir, cdiFile)); err != nil {
		t.Fatal(err)
	}
	if got := cdi.Device("/dev/kvm"); got != "" {
		t.Fatalf("names %s without a specification", got)
	}
}

func TestSpecificationGivesTheDeviceToItsUser(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cdi")
	if _, err := NewCDI(dir, 107, []Device{device(nil)}); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, cdiFile))
	if err != nil {
		t.Fatal(err)
	}
	var spec cdiSpec
	if err := json.Unmarshal(raw, &spec); err != nil {
		t.Fatal(err)
	}
	node := spec.Devices[0].Edits.Nodes[0]
	if spec.Kind != "virtplane.io/device" || spec.Devices[0].Name != "kvm" || node.Path != "/dev/kvm" || node.UID != 107 || node.GID != 107 || node.FileMode != 0o660 {
		t.Fatalf("got %s", raw)
	}
	entries, _ := os.ReadDir(dir)
	if len(entries) != 1 {
		t.Fatalf("left %v", entries)
	}
}
