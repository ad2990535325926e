// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package storagespace

import (
	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
)

const namespace, subsystem = "virtplane", "storage"

var (
	level = metrics.NewGauge(&metrics.GaugeOpts{
		Namespace: namespace, Subsystem: subsystem, Name: "level", StabilityLevel: metrics.ALPHA,
		Help: "Room of the embedded etcd: 0 enough, 1 scarce, 2 full (no new objects), 3 read-only.",
	})
	volumeFree = metrics.NewGauge(&metrics.GaugeOpts{
		Namespace: namespace, Subsystem: subsystem, Name: "volume_free_bytes", StabilityLevel: metrics.ALPHA,
		Help: "Free bytes of the volume that holds the embedded etcd.",
	})
	refused = metrics.NewCounterVec(&metrics.CounterOpts{
		Namespace: namespace, Subsystem: subsystem, Name: "refused_writes_total", StabilityLevel: metrics.ALPHA,
		Help: "Writes that were refused for want of room, by resource.",
	}, []string{"resource"})
	defragmentations = metrics.NewCounterVec(&metrics.CounterOpts{
		Namespace: namespace, Subsystem: subsystem, Name: "defragmentations_total", StabilityLevel: metrics.ALPHA,
		Help: "Defragmentations of the embedded etcd that the server began by itself, by result: ok or failed.",
	}, []string{"result"})
	defragmentSeconds = metrics.NewHistogram(&metrics.HistogramOpts{
		Namespace: namespace, Subsystem: subsystem, Name: "defragmentation_seconds", StabilityLevel: metrics.ALPHA,
		Help:    "How long the embedded etcd did not answer because it was defragmented.",
		Buckets: []float64{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60},
	})
)

func init() {
	legacyregistry.MustRegister(level, volumeFree, refused, defragmentations, defragmentSeconds)
}

func result(err error) string {
	if err != nil {
		return "failed"
	}
	return "ok"
}
