// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

const instances = "virtualmachineinstances"

// InstancesOn lists and watches the instances whose status.nodeName is node.
func (c *Client) InstancesOn(node string) cache.ListerWatcher {
	selector := fields.OneTermEqualSelector("status.nodeName", node).String()
	return cache.ToListWatcherWithWatchListSemantics(&cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			o.FieldSelector = selector
			list := &v1.VirtualMachineInstanceList{}
			err := c.kubevirt.Get().Resource(instances).VersionedParams(&o, c.parameters).Do(ctx).Into(list)
			return list, err
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			o.FieldSelector, o.Watch = selector, true
			return c.kubevirt.Get().Resource(instances).VersionedParams(&o, c.parameters).Watch(ctx)
		},
	}, c)
}

// Get returns an instance as the API server has it now.
func (c *Client) Get(ctx context.Context, name types.NamespacedName) (*v1.VirtualMachineInstance, error) {
	result := &v1.VirtualMachineInstance{}
	err := c.kubevirt.Get().Namespace(name.Namespace).Resource(instances).Name(name.Name).Do(ctx).Into(result)
	return result, err
}

// UpdateStatus writes the status of an instance unless somebody else has written in between.
func (c *Client) UpdateStatus(ctx context.Context, vmi *v1.VirtualMachineInstance) (*v1.VirtualMachineInstance, error) {
	result := &v1.VirtualMachineInstance{}
	err := c.kubevirt.Put().Namespace(vmi.Namespace).Resource(instances).Name(vmi.Name).SubResource("status").
		Body(vmi).Do(ctx).Into(result)
	return result, err
}
