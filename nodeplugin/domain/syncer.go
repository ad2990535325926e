// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/nodeplugin/volume"
)

const (
	// syncWorkers write at once.
	syncWorkers = 4
	// retryFirst and retryLast bound the time between two tries of a write.
	retryFirst = 100 * time.Millisecond
	retryLast  = 10 * time.Second
	// writeRate and writeBurst cap the writes in a second for one instance while its phase stays
	// the same: a guest must not be able to load the API server.
	writeRate  = 0.5
	writeBurst = 5
	// writeTimeout is how long a write may take.
	writeTimeout = 10 * time.Second
)

// Statuses reads and writes instances at the API server.
type Statuses interface {
	Get(ctx context.Context, name types.NamespacedName) (*v1.VirtualMachineInstance, error)
	UpdateStatus(ctx context.Context, vmi *v1.VirtualMachineInstance) (*v1.VirtualMachineInstance, error)
}

// Cached returns instances as they were last seen.
type Cached interface {
	Synced() bool
	Get(types.NamespacedName) *v1.VirtualMachineInstance
}

// Recorder writes events.
type Recorder interface {
	Event(vmi *v1.VirtualMachineInstance, kind, reason, message string)
}

// Syncer mirrors facts into the status of instances. It keeps the newest facts of each until they
// are written, however long the API server is away, even when the guest has long ended.
type Syncer struct {
	cached   Cached
	statuses Statuses
	recorder Recorder
	queue    workqueue.TypedRateLimitingInterface[types.NamespacedName]

	// mu guards entries.
	mu      sync.Mutex
	entries map[types.NamespacedName]*entry
}

// entry is what is to be written for one instance.
type entry struct {
	volume volume.Volume
	facts  Facts
	limit  *rate.Limiter
	// base is the resource version that the last write was made from, and written its result,
	// which stands in for the cache until that has seen the write.
	base    string
	written *v1.VirtualMachineInstance
}

// NewSyncer returns a Syncer.
func NewSyncer(cached Cached, statuses Statuses, recorder Recorder) (*Syncer, error) {
	if cached == nil || statuses == nil || recorder == nil {
		return nil, errors.New("cache, statuses and recorder are required")
	}
	limiter := workqueue.NewTypedItemExponentialFailureRateLimiter[types.NamespacedName](retryFirst, retryLast)
	return &Syncer{
		cached: cached, statuses: statuses, recorder: recorder, entries: map[types.NamespacedName]*entry{},
		queue: workqueue.NewTypedRateLimitingQueue(limiter),
	}, nil
}

// Run writes until ctx ends.
func (s *Syncer) Run(ctx context.Context) {
	var workers sync.WaitGroup
	for range syncWorkers {
		workers.Go(func() { s.work(ctx) })
	}
	<-ctx.Done()
	s.queue.ShutDown()
	workers.Wait()
}

// Submit takes the newest facts about the guest of v.
func (s *Syncer) Submit(v volume.Volume, f Facts) {
	name := types.NamespacedName{Namespace: v.Namespace, Name: v.Instance}
	s.mu.Lock()
	e := s.entries[name]
	if e == nil || e.volume.InstanceUID != v.InstanceUID {
		e = &entry{limit: rate.NewLimiter(writeRate, writeBurst)}
		s.entries[name] = e
	}
	e.volume, e.facts = v, f
	s.mu.Unlock()
	s.queue.Add(name)
}

// Changed looks again at an instance that has changed at the API server.
func (s *Syncer) Changed(name types.NamespacedName) {
	s.mu.Lock()
	known := s.entries[name] != nil
	s.mu.Unlock()
	if known {
		s.queue.Add(name)
	}
}

func (s *Syncer) work(ctx context.Context) {
	for {
		name, shutdown := s.queue.Get()
		if shutdown {
			return
		}
		err := s.sync(ctx, name)
		switch {
		case err == nil:
			s.queue.Forget(name)
		case ctx.Err() == nil:
			klog.FromContext(ctx).Error(err, "Status is not written yet", "vmi", klog.KRef(name.Namespace, name.Name))
			s.queue.AddRateLimited(name)
		}
		s.queue.Done(name)
	}
}

// sync makes the status of one instance what it should be.
func (s *Syncer) sync(ctx context.Context, name types.NamespacedName) error {
	vmi, e := s.state(name)
	if vmi == nil {
		return nil
	}
	for {
		status := next(vmi, e.facts, metav1.NewTime(time.Now()))
		if equality.Semantic.DeepEqual(vmi.Status, status) {
			return nil
		}
		if status.Phase == vmi.Status.Phase {
			if reserved := e.limit.Reserve(); reserved.Delay() > 0 {
				s.queue.AddAfter(name, reserved.Delay())
				reserved.Cancel()
				return nil
			}
		}
		written, err := s.write(ctx, vmi, status)
		switch {
		case err == nil:
			s.remember(name, e.volume, vmi.ResourceVersion, written)
			for _, event := range events(&vmi.Status, &status, e.facts) {
				s.recorder.Event(vmi, event.kind, event.reason, event.message)
			}
			return nil
		case apierrors.IsNotFound(err):
			return nil
		case !apierrors.IsConflict(err):
			return fmt.Errorf("update status: %w", err)
		}
		// Somebody else wrote in between, and the cache has not seen it.
		if vmi, err = s.read(ctx, name); err != nil {
			return err
		}
		if vmi == nil || !concerns(vmi, e.volume) {
			return nil
		}
	}
}

// state returns the newest known instance and a copy of what is to be written, or nil when there
// is nothing to write.
func (s *Syncer) state(name types.NamespacedName) (*v1.VirtualMachineInstance, entry) {
	vmi := s.cached.Get(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[name]
	if e == nil {
		return nil, entry{}
	}
	if vmi == nil || vmi.UID != e.volume.InstanceUID {
		// The instance is gone, or another one has taken its name. Before the first answer of the
		// API server it is just not known yet.
		if s.cached.Synced() {
			delete(s.entries, name)
		}
		return nil, entry{}
	}
	if e.written != nil && vmi.ResourceVersion == e.base {
		vmi = e.written
	}
	if !concerns(vmi, e.volume) {
		return nil, entry{}
	}
	return vmi, *e
}

// concerns tells whether what the pod of v does is the business of vmi.
func concerns(vmi *v1.VirtualMachineInstance, v volume.Volume) bool {
	return vmi.UID == v.InstanceUID && vmi.Status.ActivePods[v.PodUID] != ""
}

func (s *Syncer) write(ctx context.Context, vmi *v1.VirtualMachineInstance, status v1.VirtualMachineInstanceStatus) (*v1.VirtualMachineInstance, error) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	wanted := vmi.DeepCopy()
	wanted.Status = status
	return s.statuses.UpdateStatus(ctx, wanted)
}

func (s *Syncer) read(ctx context.Context, name types.NamespacedName) (*v1.VirtualMachineInstance, error) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	vmi, err := s.statuses.Get(ctx, name)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("get instance: %w", err)
	}
	return vmi, nil
}

func (s *Syncer) remember(name types.NamespacedName, v volume.Volume, base string, written *v1.VirtualMachineInstance) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.entries[name]; e != nil && e.volume == v {
		e.base, e.written = base, written
	}
}
