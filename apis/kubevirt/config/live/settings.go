// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package live keeps the settings in force at hand, and the log level by them, while the KubeVirt object changes.
package live

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"

	"github.com/virtplane/virtplane/apis/kubevirt/config"
	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

const (
	// retryFirst and retryCap bound the wait between two tries to reach a server that is away; settings that were changed
	// meanwhile are in force seconds after its return.
	retryFirst = 200 * time.Millisecond
	retryCap   = 3 * time.Second
	retrySteps = 10
)

// Settings are those in force. The zero value is of no use.
type Settings struct {
	namespace string
	current   atomic.Pointer[config.Config]
	known     chan struct{}
	once      sync.Once
	handlers  []func(context.Context, config.Config)
}

// New returns the settings of the installation in namespace, which are the defaults until Run has read others.
func New(namespace string) *Settings {
	s := &Settings{namespace: namespace, known: make(chan struct{})}
	defaults := config.From(nil)
	s.current.Store(&defaults)
	return s
}

// Handle adds a function that is called with the settings once they are known and whenever they change. It must not block,
// and must be added before Run.
func (s *Settings) Handle(handler func(context.Context, config.Config)) {
	s.handlers = append(s.handlers, handler)
}

// Current returns the settings in force.
func (s *Settings) Current() config.Config { return *s.current.Load() }

// Wait returns when the settings are known, or ctx has ended.
func (s *Settings) Wait(ctx context.Context) error {
	select {
	case <-s.known:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the settings: %w", context.Cause(ctx))
	}
}

// Run follows the KubeVirt objects in source until ctx ends. While they cannot be read the settings stay as they are.
func (s *Settings) Run(ctx context.Context, source cache.ListerWatcher) {
	source = &lenient{ListerWatcherWithContext: cache.ToListerWatcherWithContext(source), known: s.known, now: time.Now}
	cache.NewReflectorWithOptions(source, &v1.KubeVirt{}, &feed{s, ctx}, cache.ReflectorOptions{
		Name:    "KubeVirt",
		Backoff: &wait.Backoff{Duration: retryFirst, Factor: 2, Jitter: 0.2, Steps: retrySteps, Cap: retryCap},
	}).RunWithContext(ctx)
}

func (s *Settings) set(ctx context.Context, kv *v1.KubeVirt) {
	now := config.From(kv)
	before := s.current.Swap(&now)
	first := false
	s.once.Do(func() {
		first = true
		close(s.known)
	})
	if !first && reflect.DeepEqual(*before, now) {
		return
	}
	if !first {
		klog.FromContext(ctx).Info("Settings changed", "object", kv != nil)
	}
	for _, handler := range s.handlers {
		handler(ctx, now)
	}
}

// feed takes what the watch brings.
type feed struct {
	*Settings
	ctx context.Context
}

var _ cache.ReflectorStore = &feed{}

// counts tells that an object is the one that holds the settings.
func (f *feed) counts(kv *v1.KubeVirt) bool {
	return kv.Namespace == f.namespace && kv.Name == v1.KubeVirtName
}

// Add takes a new object.
func (f *feed) Add(obj any) error { return f.Update(obj) }

// Update takes a changed object.
func (f *feed) Update(obj any) error {
	if kv, ok := obj.(*v1.KubeVirt); ok && f.counts(kv) {
		f.set(f.ctx, kv)
	}
	return nil
}

// Delete takes the deletion of an object.
func (f *feed) Delete(obj any) error {
	if kv, ok := obj.(*v1.KubeVirt); ok && f.counts(kv) {
		f.set(f.ctx, nil)
	}
	return nil
}

// Replace takes all objects.
func (f *feed) Replace(objects []any, _ string) error {
	var found *v1.KubeVirt
	for _, obj := range objects {
		if kv, ok := obj.(*v1.KubeVirt); ok && f.counts(kv) {
			found = kv
		}
	}
	f.set(f.ctx, found)
	return nil
}

// Resync does nothing: everything is known.
func (*feed) Resync() error { return nil }
