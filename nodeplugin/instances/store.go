// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package instances

import (
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// store is the side of a Cache that takes what the watch brings.
type store Cache

var _ cache.ReflectorStore = (*store)(nil)

// Add takes a new instance.
func (s *store) Add(object any) error { return s.Update(object) }

// Update takes a new version of an instance.
func (s *store) Update(object any) error {
	vmi, name, err := instanceOf(object)
	if err != nil {
		return err
	}
	s.change([]types.NamespacedName{name}, func() { s.known[name] = vmi })
	return nil
}

// Delete forgets an instance.
func (s *store) Delete(object any) error {
	_, name, err := instanceOf(object)
	if err != nil {
		return err
	}
	s.change([]types.NamespacedName{name}, func() { delete(s.known, name) })
	return nil
}

// Replace takes the list of all instances, after a start or an interruption.
func (s *store) Replace(objects []any, _ string) error {
	next := make(map[types.NamespacedName]*v1.VirtualMachineInstance, len(objects))
	for _, object := range objects {
		vmi, name, err := instanceOf(object)
		if err != nil {
			return err
		}
		next[name] = vmi
	}
	var different []types.NamespacedName
	s.mu.Lock()
	for name, old := range s.known {
		if now := next[name]; now == nil || now.ResourceVersion != old.ResourceVersion {
			different = append(different, name)
		}
	}
	for name := range next {
		if s.known[name] == nil {
			different = append(different, name)
		}
	}
	s.mu.Unlock()
	s.change(different, func() { s.known, s.synced = next, true })
	return nil
}

// Resync does nothing: everything is already known.
func (s *store) Resync() error { return nil }

// change makes a change and tells about it.
func (s *store) change(names []types.NamespacedName, change func()) {
	s.mu.Lock()
	change()
	close(s.changed)
	s.changed = make(chan struct{})
	s.mu.Unlock()
	for _, name := range names {
		s.onChange(name)
	}
}

func instanceOf(object any) (*v1.VirtualMachineInstance, types.NamespacedName, error) {
	vmi, ok := object.(*v1.VirtualMachineInstance)
	if !ok {
		return nil, types.NamespacedName{}, fmt.Errorf("store instance: got a %T", object)
	}
	// Who owns which field is a third of an object and nothing to a node.
	vmi.ManagedFields = nil
	return vmi, types.NamespacedName{Namespace: vmi.Namespace, Name: vmi.Name}, nil
}
