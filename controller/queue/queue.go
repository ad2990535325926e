// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package queue runs reconcilers: one key at a time per object, with back-off after errors.
package queue

import (
	"context"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"
)

const (
	// retryFirst is the wait after a first error, which is most often a conflict that a fresh copy resolves.
	retryFirst = 5 * time.Millisecond
	// terminatingRetry is the wait for a namespace that is going away; what is in it goes with it.
	terminatingRetry = 5 * time.Second
	// retryCap keeps the time until everything is right again after an outage well under 30 s.
	retryCap = 10 * time.Second
)

// Reconcile brings one object a step forward. It is called again after an error and, when after is
// not zero, after that time.
type Reconcile func(ctx context.Context, key types.NamespacedName) (after time.Duration, err error)

// Queue holds the keys of objects that want to be looked at.
type Queue struct {
	name  string
	queue workqueue.TypedRateLimitingInterface[types.NamespacedName]
}

// New makes an empty queue; name shows in metrics and logs.
func New(name string) *Queue {
	return &Queue{
		name: name,
		queue: workqueue.NewTypedRateLimitingQueueWithConfig(
			workqueue.NewTypedItemExponentialFailureRateLimiter[types.NamespacedName](retryFirst, retryCap),
			workqueue.TypedRateLimitingQueueConfig[types.NamespacedName]{Name: name},
		),
	}
}

// Add asks for a look at the object as soon as a worker is free.
func (q *Queue) Add(key types.NamespacedName) { q.queue.Add(key) }

// Run works the queue off with that many workers until ctx ends, and returns when all of them have stopped.
func (q *Queue) Run(ctx context.Context, workers int, reconcile Reconcile) {
	stop := context.AfterFunc(ctx, q.queue.ShutDown)
	defer stop()
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for q.next(ctx, reconcile) {
			}
		})
	}
	wg.Wait()
}

func (q *Queue) next(ctx context.Context, reconcile Reconcile) bool {
	key, shutdown := q.queue.Get()
	if shutdown {
		return false
	}
	defer q.queue.Done(key)
	after, err := reconcile(ctx, key)
	switch {
	case ctx.Err() != nil:
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		klog.FromContext(ctx).V(2).Info("Namespace is being deleted", "queue", q.name, "object", key)
		q.queue.AddAfter(key, terminatingRetry)
	case apierrors.IsConflict(err):
		klog.FromContext(ctx).V(2).Info("Object changed meanwhile, trying again", "queue", q.name, "object", key)
		q.queue.AddRateLimited(key)
	case err != nil:
		klog.FromContext(ctx).Error(err, "Reconcile", "queue", q.name, "object", key, "tries", q.queue.NumRequeues(key)+1)
		q.queue.AddRateLimited(key)
	default:
		q.queue.Forget(key)
		if after > 0 {
			q.queue.AddAfter(key, after)
		}
	}
	return true
}
