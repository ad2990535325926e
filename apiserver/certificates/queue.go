// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package certificates

import (
	"context"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"
)

const (
	// firstBackoff and lastBackoff bound the pauses between attempts at an item that fails. The last is short, because
	// without a published bundle the whole API is away.
	firstBackoff = 100 * time.Millisecond
	lastBackoff  = 30 * time.Second
)

type queue = workqueue.TypedRateLimitingInterface[string]

func newQueue(name string) queue {
	return workqueue.NewTypedRateLimitingQueueWithConfig(
		workqueue.NewTypedItemExponentialFailureRateLimiter[string](firstBackoff, lastBackoff),
		workqueue.TypedRateLimitingQueueConfig[string]{Name: name},
	)
}

func enqueueName(q queue, obj any) {
	if key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(obj); err == nil {
		q.Add(key)
	}
}

// work hands the items of q to handle, one at a time, until ctx ends.
func work(ctx context.Context, q queue, handle func(context.Context, string) error) {
	stop := context.AfterFunc(ctx, q.ShutDown)
	defer stop()
	for {
		item, shutdown := q.Get()
		if shutdown {
			return
		}
		err := handle(ctx, item)
		switch {
		case err == nil:
			q.Forget(item)
		case ctx.Err() != nil:
		default:
			// A conflict is another replica's success and worth no line in the log.
			if !apierrors.IsConflict(err) {
				klog.FromContext(ctx).Error(err, "Retrying", "item", item)
			}
			q.AddRateLimited(item)
		}
		q.Done(item)
	}
}
