// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package storagespace

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/storage"
)

// room is at one level for ever.
type room struct {
	level Level
	pokes int
}

func (r *room) Verdict() Verdict { return Verdict{Level: r.level} }
func (r *room) Poke()            { r.pokes++ }

// answering is storage that answers each write with one error.
type answering struct {
	storage.Interface
	err error
}

func (a answering) Create(context.Context, string, runtime.Object, runtime.Object, uint64) error {
	return a.err
}

func (a answering) GuaranteedUpdate(context.Context, string, runtime.Object, bool, *storage.Preconditions, storage.UpdateFunc, runtime.Object) error {
	return a.err
}

func (a answering) Delete(context.Context, string, runtime.Object, *storage.Preconditions, storage.ValidateObjectFunc, runtime.Object, storage.DeleteOptions) error {
	return a.err
}

func TestWritesWithoutRoomAreRefusedClearly(t *testing.T) {
	free := &corev1.Pod{}
	owned := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{OwnerReferences: []metav1.OwnerReference{{Name: "machine", Controller: new(true)}}}}
	for _, c := range []struct {
		name  string
		level Level
		etcd  error
		obj   runtime.Object
		// create and others are what the messages must contain; empty is success.
		create, others string
	}{
		{"enough", Enough, nil, free, "", ""},
		{"scarce", Scarce, nil, free, "", ""},
		{"full", Full, nil, free, "new objects are refused until there is more room; the health check storage-space", ""},
		{"full, for an object of another", Full, nil, owned, "", ""},
		{"etcd has no space", Enough, rpctypes.ErrNoSpace, free, "nothing is written until there is more room", "nothing is written until there is more room"},
	} {
		r := &room{level: c.level}
		s := &store{Interface: answering{err: c.etcd}, resource: schema.GroupResource{Group: "kubevirt.io", Resource: "virtualmachines"}, room: r}
		expect(t, c.name+": create", s.Create(t.Context(), "", c.obj, nil, 0), c.create)
		expect(t, c.name+": update", s.GuaranteedUpdate(t.Context(), "", nil, false, nil, nil, nil), c.others)
		expect(t, c.name+": delete", s.Delete(t.Context(), "", nil, nil, nil, nil, storage.DeleteOptions{}), c.others)
		if looked := r.pokes > 0; looked != (c.etcd != nil) {
			t.Errorf("%s: the room was looked at %d times", c.name, r.pokes)
		}
	}
}

func expect(t *testing.T, what string, err error, message string) {
	t.Helper()
	if message == "" {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		return
	}
	status, ok := err.(apierrors.APIStatus)
	if !ok || status.Status().Code != http.StatusInsufficientStorage || status.Status().Reason != Reason ||
		!strings.HasPrefix(err.Error(), "cannot store virtualmachines.kubevirt.io: ") || !strings.Contains(err.Error(), message) {
		t.Errorf("%s: %v, want 507 with %q", what, err, message)
	}
}

func TestOtherErrorsPass(t *testing.T) {
	want := storage.NewKeyNotFoundError("key", 1)
	s := &store{Interface: answering{err: want}, room: &room{}}
	if err := s.GuaranteedUpdate(t.Context(), "", nil, false, nil, nil, nil); !errors.Is(err, want) {
		t.Errorf("%v, want %v", err, want)
	}
}

func TestAnExternalEtcdIsNamed(t *testing.T) {
	s := &store{Interface: answering{err: rpctypes.ErrNoSpace}, resource: schema.GroupResource{Group: "kubevirt.io", Resource: "virtualmachines"}}
	expect(t, "update", s.GuaranteedUpdate(t.Context(), "", nil, false, nil, nil, nil), "the external etcd has no space left")
}

func TestMuchThatIsWrittenHasTheRoomLookedAt(t *testing.T) {
	small := &corev1.Pod{}
	large := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{"bulk": strings.Repeat("x", lookEvery/2)}}}
	for _, c := range []struct {
		obj          *corev1.Pod
		writes, want int
	}{{small, 100, 0}, {large, 1, 0}, {large, 4, 2}} {
		r := &room{}
		s := &store{Interface: answering{}, room: r}
		for range c.writes {
			expect(t, "create", s.Create(t.Context(), "", c.obj, nil, 0), "")
		}
		if r.pokes != c.want {
			t.Errorf("%d writes of %d bytes: looked %d times, want %d", c.writes, c.obj.Size(), r.pokes, c.want)
		}
	}
}
