// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"
)

// feed is the side of a Store that a reflector writes to.
//
// Only objects that this process wrote are shielded from older ones; otherwise what comes from the
// API server is taken as it is, because versions go back when its storage is restored from a backup.
type feed[T Object] Store[T]

var _ cache.TransformingStore = (*feed[*metav1.PartialObjectMetadata])(nil)

// Transformer trims objects before they are kept anywhere.
func (f *feed[T]) Transformer() cache.TransformFunc {
	return func(obj any) (any, error) {
		if t, ok := obj.(T); ok && f.options.Trim != nil {
			f.options.Trim(t)
		}
		return obj, nil
	}
}

// Add takes an object that the watch shows.
func (f *feed[T]) Add(obj any) error { return f.Update(obj) }

// Update takes an object that the watch shows.
func (f *feed[T]) Update(obj any) error {
	t := obj.(T)
	if f.options.Trim != nil {
		f.options.Trim(t)
	}
	if f.set(t) {
		(*Store[T])(f).changed(t)
	}
	return nil
}

func (f *feed[T]) set(obj T) bool {
	key := objectKey(obj)
	f.mu.Lock()
	defer f.mu.Unlock()
	if p, ok := f.pending[key]; ok {
		if older(obj.GetResourceVersion(), p.resourceVersion) {
			return false
		}
		delete(f.pending, key)
		if p.resourceVersion == obj.GetResourceVersion() {
			return false // handled when it was put
		}
	}
	f.index.Add(obj)
	return true
}

// Delete takes an object that the watch shows as deleted.
func (f *feed[T]) Delete(obj any) error {
	t := obj.(T)
	key := objectKey(t)
	f.mu.Lock()
	held, ok, _ := f.index.GetByKey(key)
	// An object of the same name that was created after this deletion stays.
	if p, pending := f.pending[key]; ok && pending && held.(T).GetUID() != t.GetUID() &&
		older(t.GetResourceVersion(), p.resourceVersion) {
		f.mu.Unlock()
		return nil
	}
	(*Store[T])(f).remove(t)
	f.mu.Unlock()
	(*Store[T])(f).changed(t)
	return nil
}

// Replace takes a whole list.
func (f *feed[T]) Replace(list []any, resourceVersion string) error {
	listed := make(map[string]bool, len(list))
	for _, obj := range list {
		listed[objectKey(obj.(T))] = true
		if err := f.Update(obj); err != nil {
			return err
		}
	}
	for _, gone := range f.missing(listed, resourceVersion) {
		(*Store[T])(f).changed(gone)
	}
	f.once.Do(func() { close(f.synced) })
	return nil
}

// missing removes and returns what is held but not listed, unless this process wrote it after the list was made.
func (f *feed[T]) missing(listed map[string]bool, resourceVersion string) []T {
	f.mu.Lock()
	defer f.mu.Unlock()
	var gone []T
	for _, obj := range f.index.List() {
		held := obj.(T)
		key := objectKey(held)
		if listed[key] {
			continue
		}
		if p, ok := f.pending[key]; ok && f.now().Sub(p.since) < pendingFor && older(resourceVersion, p.resourceVersion) {
			continue
		}
		(*Store[T])(f).remove(held)
		gone = append(gone, held)
	}
	return gone
}

// Resync does nothing: reconcilers ask to be called again where they need it.
func (f *feed[T]) Resync() error { return nil }

func objectKey(obj metav1.Object) string {
	return keyOf(types.NamespacedName{Namespace: obj.GetNamespace(), Name: obj.GetName()})
}
