// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	clientscheme "k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/record"
	"k8s.io/klog/v2"
)

// reportInterval is how often a lasting problem is looked for. What is there for one look alone, as
// while the server starts, is not reported.
const reportInterval = 5 * time.Second

// reporter tells administrators of problems that last: in the log and by an Event of the server's Service.
type reporter struct {
	recorder record.EventRecorder
	about    runtime.Object
}

// newReporter returns a reporter whose events end with ctx.
func newReporter(ctx context.Context, client kubernetes.Interface, namespace, service string) *reporter {
	broadcaster := record.NewBroadcaster(record.WithContext(ctx))
	broadcaster.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: client.CoreV1().Events(namespace)})
	return &reporter{
		recorder: broadcaster.NewRecorder(clientscheme.Scheme, corev1.EventSource{Component: "virt-apiserver"}),
		about:    &corev1.ObjectReference{APIVersion: "v1", Kind: "Service", Namespace: namespace, Name: service},
	}
}

// watch reports each problem that check tells of when it begins and when it is over, until ctx ends.
func (r *reporter) watch(ctx context.Context, reason string, check func(*http.Request) error) {
	ticker := time.NewTicker(reportInterval)
	defer ticker.Stop()
	var seen, told error
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		problem := check(nil)
		if text(problem) == text(seen) && text(problem) != text(told) {
			r.tell(ctx, reason, problem)
			told = problem
		}
		seen = problem
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
