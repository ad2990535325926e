// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/kubernetes"
	clientscheme "k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/record"
	"k8s.io/klog/v2"
)

// reportInterval is how often a lasting problem is looked for. What is there for one look alone, as
// while the server starts, is not reported.
const reportInterval = 5 * time.Second

// reporter tells administrators of problems that last: in the log, by an Event of the server's Service and by a
// condition of the KubeVirt object.
type reporter struct {
	recorder   record.EventRecorder
	about      runtime.Object
	conditions *conditions
}

// newReporter returns a reporter whose events end with the hook.
func newReporter(hook genericapiserver.PostStartHookContext, client kubernetes.Interface, namespace, service string) (*reporter, error) {
	conditions, err := newConditions(hook.LoopbackClientConfig, namespace)
	if err != nil {
		return nil, err
	}
	broadcaster := record.NewBroadcaster(record.WithContext(hook))
	broadcaster.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: client.CoreV1().Events(namespace)})
	return &reporter{
		recorder:   broadcaster.NewRecorder(clientscheme.Scheme, corev1.EventSource{Component: "virt-apiserver"}),
		about:      &corev1.ObjectReference{APIVersion: "v1", Kind: "Service", Namespace: namespace, Name: service},
		conditions: conditions,
	}, nil
}

// watch reports each problem that check tells of when it begins and when it is over, until ctx ends.
func (r *reporter) watch(ctx context.Context, reason string, check func(*http.Request) error) {
	ticker := time.NewTicker(reportInterval)
	defer ticker.Stop()
	var seen, told error
	// What this server said before it was started again may be over.
	noted := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		problem := check(nil)
		if text(problem) == text(seen) && text(problem) != text(told) {
			r.tell(ctx, reason, problem)
			told, noted = problem, false
		}
		seen = problem
		if !noted {
			err := r.conditions.tell(ctx, reason, told)
			// A full storage takes no condition; the event and the log have told.
			if noted = err == nil; !noted {
				klog.FromContext(ctx).V(2).Info("The KubeVirt object does not tell of a problem yet; trying again", "problem", reason, "err", err)
			}
		}
	}
}

func (r *reporter) tell(ctx context.Context, reason string, problem error) {
	logger := klog.FromContext(ctx)
	if problem == nil {
		logger.Info("A problem is over", "problem", reason)
		r.recorder.Eventf(r.about, corev1.EventTypeNormal, reason+"Resolved", "The problem %s is over", reason)
		return
	}
	logger.Error(problem, "A problem needs an administrator", "problem", reason)
	r.recorder.Event(r.about, corev1.EventTypeWarning, reason, problem.Error())
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
