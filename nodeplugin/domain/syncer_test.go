// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/session"
	"github.com/virtplane/virtplane/nodeplugin/volume"
)

// fakeServer is an API server that keeps one instance and the order of writes.
type fakeServer struct {
	cache *fakeCache
	// lag keeps writes from reaching the cache.
	lag bool

	mu      sync.Mutex
	current *v1.VirtualMachineInstance
	phases  []v1.VirtualMachineInstancePhase
	calls   int
	events  []string
	// failures are returned by the next writes.
	failures []error
	wrote    chan struct{}
}

func (s *fakeServer) Get(context.Context, types.NamespacedName) (*v1.VirtualMachineInstance, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current.DeepCopy(), nil
}

func (s *fakeServer) UpdateStatus(_ context.Context, vmi *v1.VirtualMachineInstance) (*v1.VirtualMachineInstance, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if len(s.failures) > 0 {
		err := s.failures[0]
		s.failures = s.failures[1:]
		return nil, err
	}
	if vmi.ResourceVersion != s.current.ResourceVersion {
		return nil, apierrors.NewConflict(v1.Resource("virtualmachineinstances"), vmi.Name, errors.New("old"))
	}
	s.put(vmi)
	s.phases = append(s.phases, vmi.Status.Phase)
	s.wrote <- struct{}{}
	return s.current.DeepCopy(), nil
}

// put stores a new version; the caller holds mu.
func (s *fakeServer) put(vmi *v1.VirtualMachineInstance) {
	version, _ := strconv.Atoi(vmi.ResourceVersion)
	s.current = vmi.DeepCopy()
	s.current.ResourceVersion = strconv.Itoa(version + 1)
	if !s.lag {
		s.cache.put(s.current)
	}
}

func (s *fakeServer) Event(_ *v1.VirtualMachineInstance, kind, reason, _ string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, kind+"/"+reason)
}

// awaitWrite waits for a write that succeeds.
func (s *fakeServer) awaitWrite(t *testing.T) {
	t.Helper()
	select {
	case <-s.wrote:
	case <-time.After(patience):
		t.Fatal("nothing is written")
	}
}

func (s *fakeServer) status() v1.VirtualMachineInstanceStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current.Status
}

func newTestSyncer(t *testing.T) (*Syncer, *fakeServer, volume.Volume) {
	t.Helper()
	vmi := scheduled()
	vmi.ResourceVersion = "1"
	server := &fakeServer{cache: newFakeCache(vmi), current: vmi, wrote: make(chan struct{}, 100)}
	s, err := NewSyncer(server.cache, server, server)
	if err != nil {
		t.Fatal(err)
	}
	return s, server, volume.Volume{Namespace: "tenant", Instance: "demo", InstanceUID: "uid", PodUID: "pod"}
}

// run runs the syncer until the test has ended.
func run(t *testing.T, s *Syncer) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
}

// settle lets the syncer look at everything it has been told.
func settle(t *testing.T, s *Syncer, name types.NamespacedName) {
	t.Helper()
	for range 3 {
		if err := s.sync(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOneWriteForRunningAndNoneForTheSame(t *testing.T) {
	s, server, v := newTestSyncer(t)
	run(t, s)
	s.Submit(v, Facts{Interfaces: runningFacts().Interfaces})
	s.Submit(v, with(func(f *Facts) { f.Report.State = session.StateStarting }))
	s.Submit(v, runningFacts())
	server.awaitWrite(t)
	for range 5 {
		s.Submit(v, runningFacts())
		s.Changed(types.NamespacedName{Namespace: "tenant", Name: "demo"})
	}
	settle(t, s, types.NamespacedName{Namespace: "tenant", Name: "demo"})
	if server.calls != 1 || server.status().Phase != v1.Running || len(server.events) != 1 || server.events[0] != "Normal/Started" {
		t.Fatalf("%d calls, %v, events %v", server.calls, server.status().Phase, server.events)
	}
}

func TestStaleCacheCausesNoSecondWrite(t *testing.T) {
	s, server, v := newTestSyncer(t)
	server.lag = true
	s.Submit(v, runningFacts())
	settle(t, s, types.NamespacedName{Namespace: "tenant", Name: "demo"})
	if server.calls != 1 {
		t.Fatalf("%d calls", server.calls)
	}
}

func TestConflictIsSolvedWithTheNewestVersion(t *testing.T) {
	s, server, v := newTestSyncer(t)
	server.lag = true
	other := server.current.DeepCopy()
	other.Status.QOSClass = nil
	other.Status.Conditions = append(other.Status.Conditions, v1.VirtualMachineInstanceCondition{Type: "Foreign", Status: v1.ConditionTrue})
	server.put(other)
	s.Submit(v, runningFacts())
	settle(t, s, types.NamespacedName{Namespace: "tenant", Name: "demo"})
	status := server.status()
	if status.Phase != v1.Running || summary(&status) != "Running Ready=True Foreign=True SoftwareEmulation=True/NoHardwareVirtualization LiveMigratable=False/NotMigratable" {
		t.Fatal(summary(&status))
	}
}

func TestFinalStateSurvivesAnAPIServerThatIsAway(t *testing.T) {
	s, server, v := newTestSyncer(t)
	for range 4 {
		server.failures = append(server.failures, errors.New("connection refused"))
	}
	run(t, s)
	s.Submit(v, runningFacts())
	s.Submit(v, with(func(f *Facts) { f.Report.State = session.StateShutdown }))
	server.awaitWrite(t)
	if status := server.status(); status.Phase != v1.Succeeded {
		t.Fatal(status.Phase)
	}
	if len(server.phases) != 1 {
		t.Fatalf("wrote %v; only the newest state counts", server.phases)
	}
}

func TestPodsThatAreNotTheInstancesAreNotBelieved(t *testing.T) {
	for name, change := range map[string]func(*v1.VirtualMachineInstance, *volume.Volume){
		"pod is not active": func(_ *v1.VirtualMachineInstance, v *volume.Volume) { v.PodUID = "stranger" },
		"another instance":  func(_ *v1.VirtualMachineInstance, v *volume.Volume) { v.InstanceUID = "older" },
	} {
		s, server, v := newTestSyncer(t)
		change(server.current, &v)
		s.Submit(v, runningFacts())
		settle(t, s, types.NamespacedName{Namespace: "tenant", Name: "demo"})
		if server.calls != 0 {
			t.Errorf("%s: %d writes", name, server.calls)
		}
	}
}

func TestGuestCannotFloodTheAPIServer(t *testing.T) {
	s, server, v := newTestSyncer(t)
	name := types.NamespacedName{Namespace: "tenant", Name: "demo"}
	for i := range 200 {
		s.Submit(v, with(func(f *Facts) { f.Report.AgentConnected = i%2 == 0 }))
		if err := s.sync(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	if server.calls > writeBurst+3 {
		t.Fatalf("%d writes", server.calls)
	}
	// The end is written at once all the same.
	s.Submit(v, with(func(f *Facts) { f.Report.State = session.StateShutdown }))
	settle(t, s, name)
	if server.status().Phase != v1.Succeeded {
		t.Fatal(server.status().Phase)
	}
}

func TestEntriesOfInstancesThatAreGoneAreForgotten(t *testing.T) {
	s, server, v := newTestSyncer(t)
	name := types.NamespacedName{Namespace: "tenant", Name: "demo"}
	s.Submit(v, runningFacts())
	settle(t, s, name)
	delete(server.cache.vmis, name)
	settle(t, s, name)
	if len(s.entries) != 0 {
		t.Fatal("kept")
	}
}
