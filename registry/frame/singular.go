// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package frame

import (
	"errors"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// Singular is the name of a kind in the errors of its subresources, by which clients of the published
// API recognise them. The main resources name themselves in the plural, as everywhere in Kubernetes.
type Singular string

// Kinds whose subresources clients know.
const (
	Machine  Singular = "virtualmachine"
	Instance Singular = "virtualmachineinstance"
	Claim    Singular = "persistentvolumeclaim"
)

// Resource is the name with the group in which clients know it.
func (s Singular) Resource() schema.GroupResource {
	return schema.GroupResource{Group: v1.GroupName, Resource: string(s)}
}

// Conflict is the answer to a request that does not fit the state of an object.
func (s Singular) Conflict(name, message string) error {
	return apierrors.NewConflict(s.Resource(), name, errors.New(message))
}

// NotFound is the answer to a request for an object that does not exist.
func (s Singular) NotFound(name string) error { return apierrors.NewNotFound(s.Resource(), name) }

// Rename gives a missing object the singular name and leaves other errors as they are.
func (s Singular) Rename(err error, name string) error {
	if apierrors.IsNotFound(err) {
		return s.NotFound(name)
	}
	return err
}
