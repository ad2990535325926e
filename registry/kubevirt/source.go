// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"context"

	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/client-go/tools/cache"
)

// Source lists and watches the objects of a namespace inside of this process. A server that asked itself through
// kube-apiserver would wait for itself when it starts.
func (s *Storage) Source(namespace string) cache.ListerWatcher {
	convert := func(in *metav1.ListOptions) (*internalversion.ListOptions, error) {
		out := &internalversion.ListOptions{}
		return out, internalversion.Convert_v1_ListOptions_To_internalversion_ListOptions(in, out, nil)
	}
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			o, err := convert(&options)
			if err != nil {
				return nil, err
			}
			return s.KubeVirt.List(request.WithNamespace(ctx, namespace), o)
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			o, err := convert(&options)
			if err != nil {
				return nil, err
			}
			w, err := s.KubeVirt.Watch(request.WithNamespace(ctx, namespace), o)
			if err != nil {
				return nil, err
			}
			return watch.Filter(w, unwrap), nil
		},
	}
}

// unwrap takes an object out of the wrapper in which many watchers share its encoded form.
func unwrap(e watch.Event) (watch.Event, bool) {
	if shared, ok := e.Object.(runtime.CacheableObject); ok {
		e.Object = shared.GetObject()
	}
	return e, true
}
