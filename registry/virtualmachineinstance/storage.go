// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"fmt"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/generic"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/client-go/tools/cache"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/frame"
	"github.com/virtplane/virtplane/registry/subresource"
)

// Fields by which instances can be selected, besides metadata.name and metadata.namespace.
const (
	NodeNameField = "status.nodeName"
	PhaseField    = "status.phase"
)

// Storage holds the storages of virtualmachineinstances and its subresources.
type Storage struct {
	Instance *REST
	Status   *frame.StatusREST
	// Verbs are the other subresources by name.
	Verbs     map[string]*subresource.Endpoint
	Instances *Instances
}

// NewStorage returns the storages; settings has the defaults of new instances.
func NewStorage(typer runtime.ObjectTyper, options generic.RESTOptionsGetter, settings Settings, writers Writers, around Surroundings) (*Storage, error) {
	s := strategy{frame.NewStrategy(typer), settings}
	store := &genericregistry.Store{
		NewFunc:                   func() runtime.Object { return &v1.VirtualMachineInstance{} },
		NewListFunc:               func() runtime.Object { return &v1.VirtualMachineInstanceList{} },
		PredicateFunc:             match,
		DefaultQualifiedResource:  v1.Resource("virtualmachineinstances"),
		SingularQualifiedResource: v1.Resource("virtualmachineinstance"),
		CreateStrategy:            s,
		UpdateStrategy:            s,
		DeleteStrategy:            s,
		ResetFieldsStrategy:       s,
		TableConvertor:            table,
	}
	if err := store.CompleteWithOptions(&generic.StoreOptions{
		RESTOptions: options,
		AttrFunc:    attributes,
		// Each node's plugin watches its own instances: the index keeps one change from visiting every watcher.
		TriggerFunc: storage.IndexerFuncs{NodeNameField: nodeName},
		Indexers:    &cache.Indexers{storage.FieldIndex(NodeNameField): nodeNameIndex},
	}); err != nil {
		return nil, fmt.Errorf("open storage of virtualmachineinstances: %w", err)
	}
	status := frame.NewStatusREST(store, statusRules(s), writers.guard)
	grace := *store
	grace.UpdateStrategy = graceStrategy{s}
	instances := &Instances{store, &grace, status.Store(), hop{around.Nodes}, around}
	return &Storage{&REST{store, writers}, status, instances.endpoints(), instances}, nil
}

func nodeName(obj runtime.Object) string { return obj.(*v1.VirtualMachineInstance).Status.NodeName }

func nodeNameIndex(obj any) ([]string, error) {
	vmi, ok := obj.(*v1.VirtualMachineInstance)
	if !ok {
		return nil, fmt.Errorf("%T is not a VirtualMachineInstance", obj)
	}
	return []string{vmi.Status.NodeName}, nil
}

func attributes(obj runtime.Object) (labels.Set, fields.Set, error) {
	vmi, ok := obj.(*v1.VirtualMachineInstance)
	if !ok {
		return nil, nil, fmt.Errorf("%T is not a VirtualMachineInstance", obj)
	}
	set := generic.ObjectMetaFieldsSet(&vmi.ObjectMeta, true)
	set[NodeNameField] = vmi.Status.NodeName
	set[PhaseField] = string(vmi.Status.Phase)
	return vmi.Labels, set, nil
}

func match(label labels.Selector, field fields.Selector) storage.SelectionPredicate {
	return storage.SelectionPredicate{
		Label: label, Field: field, GetAttrs: attributes, IndexFields: []string{NodeNameField},
	}
}

// AddFieldLabels lets clients select instances by the fields above.
func AddFieldLabels(scheme *runtime.Scheme) error {
	return scheme.AddFieldLabelConversionFunc(v1.SchemeGroupVersion.WithKind("VirtualMachineInstance"),
		func(label, value string) (string, string, error) {
			switch label {
			case "metadata.name", "metadata.namespace", NodeNameField, PhaseField:
				return label, value, nil
			}
			return "", "", fmt.Errorf("field label %q is not supported: use metadata.name, metadata.namespace, %s or %s", label, NodeNameField, PhaseField)
		})
}
