// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package csi

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"github.com/kubernetes-csi/csi-test/v5/pkg/sanity"
	"github.com/onsi/ginkgo/v2"
	ginkgotypes "github.com/onsi/ginkgo/v2/types"
	"github.com/onsi/gomega"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/device-plugins/registration"
	"github.com/virtplane/virtplane/nodeplugin/volume"
)

const (
	node = "node1"
	// sanityTests is how many of the conformance tests concern a driver like this one.
	sanityTests = 10
)

// fakeInstances is a watch cache of at most one instance.
type fakeInstances struct {
	mu      sync.Mutex
	vmi     *v1.VirtualMachineInstance
	changed chan struct{}
}

func (f *fakeInstances) put(vmi *v1.VirtualMachineInstance) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.vmi = vmi
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *fakeInstances) Await(ctx context.Context, _ types.NamespacedName, accept func(*v1.VirtualMachineInstance) error) (*v1.VirtualMachineInstance, error) {
	for {
		f.mu.Lock()
		vmi, changed := f.vmi, f.changed
		f.mu.Unlock()
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

// sockets opens volumes for real and serves nobody.
type sockets struct {
	layout volume.Layout
	fail   error
	mu     sync.Mutex
	open   map[string]volume.Volume
}

func (s *sockets) Open(v volume.Volume) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, err := volume.Create(s.layout, v)
	if err != nil {
		return err
	}
	defer d.Close()
	if s.fail != nil {
		return s.fail
	}
	l, err := d.Listen()
	if err != nil {
		return err
	}
	s.open[v.ID] = v
	return l.Close()
}

func (s *sockets) Close(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, is := s.open[id]
	if !is {
		return nil
	}
	delete(s.open, id)
	return volume.Remove(s.layout, v.Target)
}

func (s *sockets) Published(id string) (volume.Volume, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, is := s.open[id]
	return v, is
}

type bed struct {
	*Driver
	layout    volume.Layout
	instances *fakeInstances
	sockets   *sockets
}

func newBed(t *testing.T) *bed {
	t.Helper()
	layout := volume.Layout{Kubelet: t.TempDir(), Driver: v1.CSIDriverName}
	store, err := volume.NewStore(layout)
	if err != nil {
		t.Fatal(err)
	}
	b := &bed{
		layout: layout, instances: &fakeInstances{changed: make(chan struct{})},
		sockets: &sockets{layout: layout, open: map[string]volume.Volume{}},
	}
	b.Driver, err = New(Config{
		Node: node, Version: "v0", Layout: layout, Instances: b.instances, Sessions: b.sockets, Store: store, Logger: klog.Background(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// instance is the VMI of request's pod.
func instance() *v1.VirtualMachineInstance {
	vmi := &v1.VirtualMachineInstance{}
	vmi.Namespace, vmi.Name, vmi.UID = "tenant", "demo", "vmi-uid"
	vmi.Status.Phase = v1.Scheduled
	vmi.Status.ActivePods = map[types.UID]string{"pod-uid": node}
	return vmi
}

// request is what the kubelet sends for a launcher pod.
func (b *bed) request(t *testing.T) *csi.NodePublishVolumeRequest {
	t.Helper()
	target := filepath.Join(b.layout.Kubelet, "pods/pod-uid/volumes/kubernetes.io~csi/session/mount")
	if err := os.MkdirAll(filepath.Dir(target), 0o750); err != nil {
		t.Fatal(err)
	}
	return &csi.NodePublishVolumeRequest{
		VolumeId: "csi-" + strings.Repeat("0", 64), TargetPath: target, Readonly: true,
		VolumeCapability: &csi.VolumeCapability{AccessType: &csi.VolumeCapability_Mount{Mount: &csi.VolumeCapability_MountVolume{}}},
		VolumeContext: map[string]string{
			"vmi": "demo", "uid": "vmi-uid", contextEphemeral: "true",
			contextPodName: "virt-launcher-demo", contextPodNamespace: "tenant", contextPodUID: "pod-uid",
		},
	}
}

func (b *bed) leftovers(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, pattern := range []string{b.layout.Records() + "/*", b.layout.Kubelet + "/pods/*/volumes/*/*/mount"} {
		more, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, more...)
	}
	return found
}

func TestPublishAndUnpublish(t *testing.T) {
	b := newBed(t)
	b.instances.put(instance())
	request := b.request(t)
	for range 2 {
		if _, err := b.NodePublishVolume(t.Context(), request); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(request.TargetPath + "/session.sock"); err != nil {
		t.Fatal(err)
	}
	// While it is published the API server is not asked again: it may be away.
	b.instances.put(nil)
	if _, err := b.NodePublishVolume(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	moved := b.request(t)
	moved.VolumeContext["uid"] = "another"
	if _, err := b.NodePublishVolume(t.Context(), moved); status.Code(err) != codes.AlreadyExists {
		t.Fatalf("got %v", err)
	}
	for range 2 {
		_, err := b.NodeUnpublishVolume(t.Context(), &csi.NodeUnpublishVolumeRequest{VolumeId: request.VolumeId, TargetPath: request.TargetPath})
		if err != nil {
			t.Fatal(err)
		}
	}
	if left := b.leftovers(t); len(left) > 0 {
		t.Fatalf("left %v", left)
	}
}

// TestUnpublishWithoutRecord is about a process that was killed before it wrote one.
func TestUnpublishWithoutRecord(t *testing.T) {
	b := newBed(t)
	request := b.request(t)
	if err := os.Mkdir(request.TargetPath, 0o755); err != nil {
		t.Fatal(err)
	}
	_, err := b.NodeUnpublishVolume(t.Context(), &csi.NodeUnpublishVolumeRequest{VolumeId: request.VolumeId, TargetPath: request.TargetPath})
	if err != nil {
		t.Fatal(err)
	}
	if left := b.leftovers(t); len(left) > 0 {
		t.Fatalf("left %v", left)
	}
	// A path that is not a volume's is not touched.
	outside := t.TempDir()
	_, err = b.NodeUnpublishVolume(t.Context(), &csi.NodeUnpublishVolumeRequest{VolumeId: "csi-x", TargetPath: outside})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(outside); err != nil {
		t.Fatal(err)
	}
}

func TestPublishWaitsForTheController(t *testing.T) {
	b := newBed(t)
	early := instance()
	early.Status.ActivePods = map[types.UID]string{"pod-uid": ""}
	b.instances.put(early)
	done := make(chan error)
	go func() {
		_, err := b.NodePublishVolume(t.Context(), b.request(t))
		done <- err
	}()
	select {
	case err := <-done:
		t.Fatalf("did not wait: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	b.instances.put(instance())
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// TestStrangersGetNoVolume has pods that look like a launcher's.
func TestStrangersGetNoVolume(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*v1.VirtualMachineInstance)
		code   codes.Code
	}{
		"pod is not active":            {func(v *v1.VirtualMachineInstance) { v.Status.ActivePods = map[types.UID]string{"x": node} }, codes.PermissionDenied},
		"pod is on another node":       {func(v *v1.VirtualMachineInstance) { v.Status.ActivePods["pod-uid"] = "node2" }, codes.PermissionDenied},
		"instance was made anew":       {func(v *v1.VirtualMachineInstance) { v.UID = "new" }, codes.PermissionDenied},
		"instance has ended":           {func(v *v1.VirtualMachineInstance) { v.Status.Phase = v1.Failed }, codes.FailedPrecondition},
		"no such instance on the node": {nil, codes.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			if tc.change != nil {
				vmi := instance()
				tc.change(vmi)
				b.instances.put(vmi)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			_, err := b.NodePublishVolume(ctx, b.request(t))
			if status.Code(err) != tc.code {
				t.Fatalf("got %v", err)
			}
			if left := b.leftovers(t); len(left) > 0 {
				t.Fatalf("left %v", left)
			}
		})
	}
}

func TestFailedPublishLeavesNothing(t *testing.T) {
	b := newBed(t)
	b.instances.put(instance())
	b.sockets.fail = errors.New("no sockets today")
	if _, err := b.NodePublishVolume(t.Context(), b.request(t)); status.Code(err) != codes.Internal {
		t.Fatalf("got %v", err)
	}
	if left := b.leftovers(t); len(left) > 0 {
		t.Fatalf("left %v", left)
	}
}

// TestBadRequestsNameTheField checks what the pod's owner reads in its events.
func TestBadRequestsNameTheField(t *testing.T) {
	for want, change := range map[string]func(*csi.NodePublishVolumeRequest){
		"volume ID":         func(r *csi.NodePublishVolumeRequest) { r.VolumeId = "" },
		"must match":        func(r *csi.NodePublishVolumeRequest) { r.VolumeId = "../x" },
		"target path":       func(r *csi.NodePublishVolumeRequest) { r.TargetPath = "" },
		"is not":            func(r *csi.NodePublishVolumeRequest) { r.TargetPath = "/etc" },
		"does not belong":   func(r *csi.NodePublishVolumeRequest) { r.VolumeContext[contextPodUID] = "other" },
		"volume capability": func(r *csi.NodePublishVolumeRequest) { r.VolumeCapability = nil },
		"access type":       func(r *csi.NodePublishVolumeRequest) { r.VolumeCapability = &csi.VolumeCapability{} },
		"block device": func(r *csi.NodePublishVolumeRequest) {
			r.VolumeCapability.AccessType = &csi.VolumeCapability_Block{Block: &csi.VolumeCapability_BlockVolume{}}
		},
		"csi.fsType":           func(r *csi.NodePublishVolumeRequest) { r.VolumeCapability.GetMount().FsType = "ext4" },
		"mount options":        func(r *csi.NodePublishVolumeRequest) { r.VolumeCapability.GetMount().MountFlags = []string{"suid"} },
		"inline":               func(r *csi.NodePublishVolumeRequest) { delete(r.VolumeContext, contextEphemeral) },
		"csi.readOnly":         func(r *csi.NodePublishVolumeRequest) { r.Readonly = false },
		"volumeAttributes.vmi": func(r *csi.NodePublishVolumeRequest) { delete(r.VolumeContext, "vmi") },
		"volumeAttributes.uid": func(r *csi.NodePublishVolumeRequest) { delete(r.VolumeContext, "uid") },
		"podInfoOnMount":       func(r *csi.NodePublishVolumeRequest) { delete(r.VolumeContext, contextPodName) },
	} {
		b := newBed(t)
		b.instances.put(instance())
		request := b.request(t)
		change(request)
		_, err := b.NodePublishVolume(t.Context(), request)
		if status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// TestSanity runs the conformance tests of the CSI project, those for identity and node, against
// the driver's socket. The one that needs a volume made by a controller is left out: inline volumes
// have none, and the tests above publish and unpublish.
func TestSanity(t *testing.T) {
	b := newBed(t)
	described := b.Registration()
	registrar, err := registration.New(filepath.Join(b.layout.Kubelet, "plugins_registry"), described)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- registrar.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	config := sanity.NewTestConfig()
	config.Address = "unix://" + described.Socket
	config.TargetPath = filepath.Join(b.layout.Kubelet, "target")
	config.StagingPath = filepath.Join(b.layout.Kubelet, "staging")
	sanity.GinkgoTest(&config)
	gomega.RegisterFailHandler(ginkgo.Fail)
	suite, reporter := ginkgo.GinkgoConfiguration()
	suite.FocusStrings = []string{"Identity Service", "Node Service"}
	suite.SkipStrings = []string{"should remove target path"}
	reporter.Succinct = true
	passed := 0
	ginkgo.ReportAfterEach(func(r ginkgo.SpecReport) {
		if r.State.Is(ginkgotypes.SpecStatePassed) {
			passed++
		}
	})
	if !ginkgo.RunSpecs(t, "CSI sanity", suite, reporter) {
		t.Fatal("the driver does not conform")
	}
	if passed < sanityTests {
		t.Fatalf("only %d tests ran", passed)
	}
}
