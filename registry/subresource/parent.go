// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package subresource

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"
)

// Parent stands for a resource in the second API group, which serves its subresources but not the
// resource itself: discovery shows no verb for it.
type Parent struct {
	object   func() runtime.Object
	singular string
}

var (
	_ rest.Storage              = Parent{}
	_ rest.Scoper               = Parent{}
	_ rest.SingularNameProvider = Parent{}
)

// NewParent returns the stand-in of a namespaced resource.
func NewParent(singular string, object func() runtime.Object) Parent {
	return Parent{object: object, singular: singular}
}

// New returns an empty object of the resource.
func (p Parent) New() runtime.Object { return p.object() }

// Destroy does nothing.
func (Parent) Destroy() {}

// NamespaceScoped returns true.
func (Parent) NamespaceScoped() bool { return true }

// GetSingularName returns the singular name of the resource.
func (p Parent) GetSingularName() string { return p.singular }
