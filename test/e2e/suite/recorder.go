// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"reflect"
	"sync"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
)

// recorder is the store of one kind's reflector.
type recorder struct {
	history *History
	kind    reflect.Type
	once    sync.Once
	synced  chan struct{}
	known   map[string]runtime.Object
}

func (r *recorder) Add(object any) error { return r.Update(object) }

func (r *recorder) Update(object any) error {
	accessor, err := meta.Accessor(object)
	if err != nil {
		return err
	}
	name := accessor.GetName()
	r.known[name] = object.(runtime.Object)
	r.history.add(state{kind: r.kind, name: name, object: r.known[name]})
	return nil
}

func (r *recorder) Delete(object any) error {
	accessor, err := meta.Accessor(object)
	if err != nil {
		return err
	}
	delete(r.known, accessor.GetName())
	r.history.add(state{kind: r.kind, name: accessor.GetName(), gone: true})
	return nil
}

func (r *recorder) Replace(objects []any, _ string) error {
	gone := r.known
	r.known = map[string]runtime.Object{}
	for _, object := range objects {
		if err := r.Update(object); err != nil {
			return err
		}
	}
	for name := range gone {
		if r.known[name] == nil {
			r.history.add(state{kind: r.kind, name: name, gone: true})
		}
	}
	r.once.Do(func() { close(r.synced) })
	return nil
}

func (r *recorder) Resync() error { return nil }
