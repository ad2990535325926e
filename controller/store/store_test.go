// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// fixture is a store with the names of the objects that its handler was called for.
type fixture struct {
	*Store[*corev1.Pod]
	feed    *feed[*corev1.Pod]
	handled []string
	clock   time.Time
}

func newFixture() *fixture {
	f := &fixture{clock: time.Unix(1000, 0)}
	f.Store = New(Options[*corev1.Pod]{
		Trim: func(pod *corev1.Pod) { pod.ManagedFields = nil },
		Owner: func(pod *corev1.Pod) (types.NamespacedName, bool) {
			return types.NamespacedName{Namespace: pod.Namespace, Name: pod.Spec.NodeName}, pod.Spec.NodeName != ""
		},
	})
	f.now = func() time.Time { return f.clock }
	f.feed = (*feed[*corev1.Pod])(f.Store)
	f.Handle(func(pod *corev1.Pod) { f.handled = append(f.handled, pod.Name+"@"+pod.ResourceVersion) })
	return f
}

func (f *fixture) calls() string {
	calls := strings.Join(f.handled, " ")
	f.handled = nil
	return calls
}

func (f *fixture) held() string {
	var names []string
	for _, pod := range f.List() {
		names = append(names, pod.Name+"@"+pod.ResourceVersion)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func pod(name, version string, uid ...string) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name, ResourceVersion: version, UID: types.UID(name),
		ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "x"}}}}
	if len(uid) > 0 {
		p.UID = types.UID(uid[0])
	}
	return p
}

func expect(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func TestAnOlderCopyNeverReplacesWhatThisProcessWrote(t *testing.T) {
	f := newFixture()
	f.feed.Replace([]any{pod("a", "9")}, "9")
	f.Put(pod("a", "12"))
	expect(t, "calls", f.calls(), "a@9 a@12")
	f.feed.Update(pod("a", "10"))
	expect(t, "held after an older event", f.held(), "a@12")
	f.feed.Update(pod("a", "12"))
	expect(t, "calls for what was handled", f.calls(), "")
	f.feed.Update(pod("a", "13"))
	expect(t, "held after a newer event", f.held(), "a@13")
	f.Put(pod("a", "12"))
	expect(t, "held after an answer that came late", f.held(), "a@13")
}

func TestWhatThisProcessCreatedOutlivesAListWithoutIt(t *testing.T) {
	f := newFixture()
	f.feed.Replace(nil, "5")
	f.Put(pod("a", "12"))
	f.feed.Replace([]any{pod("b", "8")}, "8")
	expect(t, "held after a list from before", f.held(), "a@12 b@8")
	f.feed.Replace([]any{pod("b", "8")}, "20")
	expect(t, "held after a list from afterwards", f.held(), "b@8")

	f.Put(pod("c", "30"))
	f.clock = f.clock.Add(pendingFor)
	f.feed.Replace([]any{pod("b", "8")}, "21")
	expect(t, "held when the watch never showed it", f.held(), "b@8")
}

func TestVersionsThatGoBackAreTaken(t *testing.T) {
	f := newFixture()
	f.feed.Replace([]any{pod("a", "900"), pod("b", "901")}, "901")
	f.feed.Replace([]any{pod("a", "7")}, "7")
	expect(t, "held after a restore from backup", f.held(), "a@7")
	f.feed.Update(pod("a", "8"))
	expect(t, "held after an event", f.held(), "a@8")
}

func TestDeletionOfAnOlderObjectOfTheNameIsIgnored(t *testing.T) {
	f := newFixture()
	f.feed.Replace([]any{pod("a", "5", "first")}, "5")
	f.Put(pod("a", "12", "second"))
	f.feed.Delete(pod("a", "11", "first"))
	expect(t, "held", f.held(), "a@12")
	f.feed.Delete(pod("a", "14", "second"))
	expect(t, "held", f.held(), "")
}

func TestAnAnswerThatComesAfterTheDeletionBringsNothingBack(t *testing.T) {
	f := newFixture()
	f.feed.Replace([]any{pod("a", "5", "first")}, "5")
	f.feed.Delete(pod("a", "7", "first"))
	f.Put(pod("a", "6", "first"))
	expect(t, "held", f.held(), "")
	f.Put(pod("a", "9", "second"))
	expect(t, "held after a new object of the name", f.held(), "a@9")
	f.feed.Replace(nil, "12")
	f.Put(pod("a", "10", "second"))
	expect(t, "held after a list without it", f.held(), "")
	for i := range 100 {
		f.clock = f.clock.Add(pendingFor)
		f.feed.Delete(pod("b", "20", strconv.Itoa(i)))
	}
	if len(f.gone) > 2 {
		t.Errorf("%d deletions are remembered", len(f.gone))
	}
}

func TestDropAndDeletingAreForOneObject(t *testing.T) {
	f := newFixture()
	key := types.NamespacedName{Namespace: "ns", Name: "a"}
	f.feed.Replace([]any{pod("a", "5")}, "5")
	f.Deleting(key, "other", nil)
	if f.Get(key).DeletionTimestamp != nil {
		t.Error("another object's deletion has marked this one")
	}
	before := f.Get(key)
	grace := int64(3)
	f.Deleting(key, "a", &grace)
	if got := f.Get(key); got.DeletionTimestamp == nil || *got.DeletionGracePeriodSeconds != 3 {
		t.Error("the object is not marked")
	}
	if before.DeletionTimestamp != nil {
		t.Error("a copy that somebody holds has changed")
	}
	f.Drop(key, "other")
	expect(t, "held", f.held(), "a@5")
	f.calls()
	f.Drop(key, "a")
	expect(t, "held", f.held(), "")
	expect(t, "calls", f.calls(), "a@5")
}

func TestObjectsAreFoundUnderTheirOwner(t *testing.T) {
	f := newFixture()
	owner := types.NamespacedName{Namespace: "ns", Name: "n1"}
	f.feed.Replace([]any{pod("a", "5")}, "5")
	if got := f.Owned(owner); len(got) != 0 {
		t.Errorf("found %d objects", len(got))
	}
	bound := pod("a", "6")
	bound.Spec.NodeName = "n1"
	f.feed.Update(bound)
	if got := f.Owned(owner); len(got) != 1 || got[0].ManagedFields != nil {
		t.Errorf("found %v", got)
	}
}

func TestSyncedAfterTheFirstList(t *testing.T) {
	f := newFixture()
	f.feed.Add(pod("a", "5"))
	if f.HasSynced() {
		t.Error("synced before the first list")
	}
	f.feed.Replace(nil, "6")
	if !f.HasSynced() || f.WaitForSync(t.Context()) != nil {
		t.Error("not synced after it")
	}
}
