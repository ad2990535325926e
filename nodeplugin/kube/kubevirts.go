// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

const kubevirts = "kubevirts"

// KubeVirts lists and watches the object with the settings of the installation in namespace.
func (c *Client) KubeVirts(namespace string) cache.ListerWatcher {
	selector := fields.OneTermEqualSelector(metav1.ObjectNameField, v1.KubeVirtName).String()
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			o.FieldSelector = selector
			list := &v1.KubeVirtList{}
			err := c.kubevirt.Get().Namespace(namespace).Resource(kubevirts).VersionedParams(&o, c.parameters).Do(ctx).Into(list)
			return list, err
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			o.FieldSelector, o.Watch = selector, true
			return c.kubevirt.Get().Namespace(namespace).Resource(kubevirts).VersionedParams(&o, c.parameters).Watch(ctx)
		},
	}
}
