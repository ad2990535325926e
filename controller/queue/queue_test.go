// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

var key = types.NamespacedName{Namespace: "ns", Name: "a"}

// run works a queue off with answers, one for each call, and returns when the last one was given.
func run(t *testing.T, workers int, answers ...func() (time.Duration, error)) []time.Time {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	q := New("test")
	q.Add(key)
	var calls []time.Time
	q.Run(ctx, workers, func(ctx context.Context, got types.NamespacedName) (time.Duration, error) {
		if got != key {
			t.Errorf("called for %s", got)
		}
		answer := answers[len(calls)]
		calls = append(calls, time.Now())
		if len(calls) == len(answers) {
			cancel()
		}
		return answer()
	})
	if len(calls) != len(answers) {
		t.Fatalf("%d calls of %d", len(calls), len(answers))
	}
	return calls
}

func done() (time.Duration, error) { return 0, nil }

func TestErrorsAreRetriedWithBackoffThatStartsAnewAfterSuccess(t *testing.T) {
	failed := func() (time.Duration, error) { return 0, errors.New("away") }
	conflict := func() (time.Duration, error) {
		return 0, apierrors.NewConflict(schema.GroupResource{Resource: "things"}, "a", errors.New("changed"))
	}
	again := func() (time.Duration, error) { return time.Millisecond, nil }
	calls := run(t, 4, failed, conflict, failed, again, failed, done)
	for i, least := range []time.Duration{retryFirst, 2 * retryFirst, 4 * retryFirst, time.Millisecond, retryFirst} {
		if got := calls[i+1].Sub(calls[i]); got < least {
			t.Errorf("call %d came %s after the one before, want at least %s", i+1, got, least)
		}
	}
}

func TestANamespaceThatGoesAwayIsNoError(t *testing.T) {
	terminating := apierrors.NewForbidden(schema.GroupResource{Resource: "things"}, "a", errors.New("namespace is being terminated"))
	terminating.ErrStatus.Details.Causes = append(terminating.ErrStatus.Details.Causes, metav1.StatusCause{Type: corev1.NamespaceTerminatingCause})
	for want, err := range []error{terminating, errors.New("away")} {
		q := New("test")
		q.Add(key)
		q.next(t.Context(), func(context.Context, types.NamespacedName) (time.Duration, error) {
			return 0, fmt.Errorf("create thing: %w", err)
		})
		if n := q.queue.NumRequeues(key); n != want {
			t.Errorf("%v: counted as %d errors, want %d", err, n, want)
		}
		q.queue.ShutDown()
	}
}

func TestAKeyIsWorkedOnOnceAtATime(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	q := New("test")
	q.Add(key)
	busy, calls := make(chan struct{}, 1), 0
	q.Run(ctx, 4, func(context.Context, types.NamespacedName) (time.Duration, error) {
		select {
		case busy <- struct{}{}:
		default:
			t.Error("two workers at once")
		}
		q.Add(key) // changed while it is worked on
		calls++
		if calls == 20 {
			cancel()
		}
		<-busy
		return 0, nil
	})
	if calls < 20 {
		t.Errorf("%d calls", calls)
	}
}
