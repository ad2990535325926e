// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
)

const (
	namespace = "virtplane"
	subsystem = "nodeplugin"
)

var (
	viewers = metrics.NewGaugeVec(&metrics.GaugeOpts{
		Namespace: namespace, Subsystem: subsystem, Name: "console_connections", StabilityLevel: metrics.ALPHA,
		Help: "Number of console connections that are open, by what they are for: console or log.",
	}, []string{"kind"})
	refused = metrics.NewCounterVec(&metrics.CounterOpts{
		Namespace: namespace, Subsystem: subsystem, Name: "console_refused_total", StabilityLevel: metrics.ALPHA,
		Help: "Number of console connections refused because the console had too many, by what they were for.",
	}, []string{"kind"})
	sentBytes = metrics.NewCounterVec(&metrics.CounterOpts{
		Namespace: namespace, Subsystem: subsystem, Name: "console_sent_bytes_total", StabilityLevel: metrics.ALPHA,
		Help: "Bytes of console output handed to connections, by what they are for.",
	}, []string{"kind"})
	skippedBytes = metrics.NewCounterVec(&metrics.CounterOpts{
		Namespace: namespace, Subsystem: subsystem, Name: "console_skipped_bytes_total", StabilityLevel: metrics.ALPHA,
		Help: "Bytes of console output that connections missed, by what they are for: they read too slowly, or the output was lost.",
	}, []string{"kind"})
	receivedBytes = metrics.NewCounter(&metrics.CounterOpts{
		Namespace: namespace, Subsystem: subsystem, Name: "console_received_bytes_total", StabilityLevel: metrics.ALPHA,
		Help: "Bytes of console output received from guests.",
	})
	lostBytes = metrics.NewCounter(&metrics.CounterOpts{
		Namespace: namespace, Subsystem: subsystem, Name: "console_lost_bytes_total", StabilityLevel: metrics.ALPHA,
		Help: "Bytes of console output that launchers could not keep until they were connected.",
	})
	logBytes = metrics.NewGaugeVec(&metrics.GaugeOpts{
		Namespace: namespace, Subsystem: subsystem, Name: "console_log_bytes", StabilityLevel: metrics.ALPHA,
		Help: "Bytes of console logs on the disk, of guests that are there (current) and of those that have ended.",
	}, []string{"guests"})
	removedBytes = metrics.NewCounterVec(&metrics.CounterOpts{
		Namespace: namespace, Subsystem: subsystem, Name: "console_log_removed_bytes_total", StabilityLevel: metrics.ALPHA,
		Help: "Bytes of console logs removed, by why: newer runs of the guest, their age, or the space that all of them take.",
	}, []string{"reason"})
)

func init() {
	legacyregistry.MustRegister(viewers, refused, sentBytes, skippedBytes, receivedBytes, lostBytes, logBytes, removedBytes)
	for _, kind := range []Kind{Interactive, Reader} {
		viewers.WithLabelValues(string(kind)).Set(0)
		refused.WithLabelValues(string(kind))
		sentBytes.WithLabelValues(string(kind))
		skippedBytes.WithLabelValues(string(kind))
	}
}
