// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"

	"github.com/virtplane/virtplane/apis/kubevirt/config"
	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// fixture is a server whose objects the test changes, and what the handler was called with.
type fixture struct {
	*Settings
	lists   chan list
	watches chan *watch.RaceFreeFakeWatcher
	handled chan config.Config
}

// list is the answer to one request for all objects.
type list struct {
	objects []v1.KubeVirt
	err     error
}

func newFixture(t *testing.T) *fixture {
	f := &fixture{
		Settings: New("virt"), lists: make(chan list), watches: make(chan *watch.RaceFreeFakeWatcher),
		handled: make(chan config.Config, 10),
	}
	f.Handle(func(_ context.Context, c config.Config) { f.handled <- c })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	t.Cleanup(func() { cancel(); <-done })
	source := &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, _ metav1.ListOptions) (runtime.Object, error) {
			select {
			case answer := <-f.lists:
				return &v1.KubeVirtList{ListMeta: metav1.ListMeta{ResourceVersion: "1"}, Items: answer.objects}, answer.err
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		},
		WatchFuncWithContext: func(ctx context.Context, _ metav1.ListOptions) (watch.Interface, error) {
			w := watch.NewRaceFreeFake()
			select {
			case f.watches <- w:
				return w, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		},
	}
	go func() { defer close(done); f.Run(ctx, source) }()
	return f
}

func object(namespace, name string, ratio int64) v1.KubeVirt {
	kv := v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, ResourceVersion: fmt.Sprint(ratio)}}
	kv.Spec.Configuration.DeveloperConfiguration = &v1.DeveloperConfiguration{CPUAllocationRatio: ratio}
	return kv
}

func (f *fixture) expect(t *testing.T, when string, ratio int64) {
	t.Helper()
	select {
	case c := <-f.handled:
		if c.Launchers.CPUAllocationRatio != ratio || f.Current().Launchers.CPUAllocationRatio != ratio {
			t.Errorf("%s: handled %d, current %d, want %d", when, c.Launchers.CPUAllocationRatio, f.Current().Launchers.CPUAllocationRatio, ratio)
		}
	case <-time.After(30 * time.Second):
		t.Fatalf("%s: nothing was handled", when)
	}
}

func TestSettingsFollowTheObject(t *testing.T) {
	f := newFixture(t)
	if got := f.Current().Launchers.CPUAllocationRatio; got != config.DefaultCPUAllocationRatio {
		t.Errorf("before anything is known: %d", got)
	}
	f.lists <- list{objects: []v1.KubeVirt{object("elsewhere", "kubevirt", 2), object("virt", "kubevirt", 3), object("virt", "another", 4)}}
	f.expect(t, "after the first list", 3)
	if err := f.Wait(t.Context()); err != nil {
		t.Error(err)
	}
	w := <-f.watches
	changed, stranger := object("virt", "kubevirt", 5), object("virt", "another", 6)
	w.Modify(&stranger)
	w.Modify(&changed)
	f.expect(t, "after a change", 5)
	touched := object("virt", "kubevirt", 5)
	touched.ResourceVersion, touched.Status.Phase = "6", v1.KubeVirtPhaseDeployed
	w.Modify(&touched)
	w.Delete(&stranger)
	w.Delete(&touched)
	f.expect(t, "after its deletion", config.DefaultCPUAllocationRatio)
	w.Add(&changed)
	f.expect(t, "after it was made again", 5)
	if len(f.handled) > 0 {
		t.Errorf("handled once more: %+v", <-f.handled)
	}
}

func TestSettingsStayWhileTheServerIsAway(t *testing.T) {
	f := newFixture(t)
	f.lists <- list{err: errors.New("connection refused")}
	f.lists <- list{objects: []v1.KubeVirt{object("virt", "kubevirt", 3)}}
	f.expect(t, "after the first list", 3)
	(<-f.watches).Stop()
	f.lists <- list{err: errors.New("connection refused")}
	f.lists <- list{err: apierrors.NewNotFound(v1.Resource("kubevirts"), "")}
	if got := f.Current().Launchers.CPUAllocationRatio; got != 3 {
		t.Errorf("without the server: %d", got)
	}
	f.lists <- list{objects: []v1.KubeVirt{object("virt", "kubevirt", 4)}}
	f.expect(t, "after its return", 4)
}

func TestAServerWithoutTheAPIMeansDefaultsAfterAMoment(t *testing.T) {
	missing := apierrors.NewNotFound(v1.Resource("kubevirts"), "")
	answers := missing
	known := make(chan struct{})
	now := time.Unix(1000, 0)
	l := &lenient{known: known, now: func() time.Time { return now }, ListerWatcherWithContext: cache.ToListerWatcherWithContext(&cache.ListWatch{
		ListWithContextFunc: func(context.Context, metav1.ListOptions) (runtime.Object, error) { return nil, answers },
	})}
	list := func() error {
		_, err := l.ListWithContext(t.Context(), metav1.ListOptions{})
		return err
	}
	if err := list(); !apierrors.IsNotFound(err) {
		t.Errorf("right after the start: %v", err)
	}
	now = now.Add(absentAfter)
	if err := list(); err != nil {
		t.Errorf("later: %v", err)
	}
	answers = apierrors.NewServiceUnavailable("starting")
	if err := list(); !apierrors.IsServiceUnavailable(err) {
		t.Errorf("another error: %v", err)
	}
	answers = missing
	if err := list(); !apierrors.IsNotFound(err) {
		t.Errorf("missing anew: %v", err)
	}
	now = now.Add(absentAfter)
	close(known)
	if err := list(); !apierrors.IsNotFound(err) {
		t.Errorf("when settings are known: %v", err)
	}
}

func TestTheLogLevelReturnsToThatOfTheStart(t *testing.T) {
	l := NewLevel()
	t.Cleanup(func() { l.Set(context.Background(), 0) })
	l.Set(t.Context(), 4)
	if !klog.V(4).Enabled() || klog.V(5).Enabled() {
		t.Error("the level is not 4")
	}
	l.Set(t.Context(), 0)
	if klog.V(1).Enabled() {
		t.Error("the level is not 0, as it was")
	}
	if err := l.flag.Set("2"); err != nil {
		t.Fatal(err)
	}
	raised := NewLevel()
	raised.Set(t.Context(), 6)
	raised.Set(t.Context(), 0)
	if !klog.V(2).Enabled() || klog.V(3).Enabled() {
		t.Error("the level is not 2, as the process was started with")
	}
}
