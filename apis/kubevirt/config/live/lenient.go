// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"context"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// absentAfter is how long the API must be missing until that counts as having no settings. An API server that has just
// started does not know every API for a moment.
const absentAfter = 5 * time.Second

// lenient lets components start with a virt-apiserver that is older than they are and has no KubeVirt objects. Settings
// that were known once are never given up for that.
type lenient struct {
	cache.ListerWatcherWithContext
	known <-chan struct{}
	now   func() time.Time
	// missing is when the API was first found missing; only the reflector's goroutine uses it.
	missing time.Time
}

// IsWatchListSemanticsUnSupported keeps the reflector from asking for one object as a stream.
func (*lenient) IsWatchListSemanticsUnSupported() bool { return true }

// List is ListWithContext without one, which the reflector's older interface asks for.
func (l *lenient) List(options metav1.ListOptions) (runtime.Object, error) {
	return l.ListWithContext(context.Background(), options)
}

// Watch is WatchWithContext without a context, which the reflector's older interface asks for.
func (l *lenient) Watch(options metav1.ListOptions) (watch.Interface, error) {
	return l.WatchWithContext(context.Background(), options)
}

// ListWithContext returns the objects.
func (l *lenient) ListWithContext(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
	list, err := l.ListerWatcherWithContext.ListWithContext(ctx, options)
	if !apierrors.IsNotFound(err) {
		l.missing = time.Time{}
		return list, err
	}
	if l.missing.IsZero() {
		l.missing = l.now()
	}
	select {
	case <-l.known:
		return list, err
	default:
	}
	if l.now().Sub(l.missing) < absentAfter {
		return list, err
	}
	return &v1.KubeVirtList{}, nil
}
