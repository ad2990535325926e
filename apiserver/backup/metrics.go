// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
)

var (
	lastSuccess = metrics.NewGauge(&metrics.GaugeOpts{
		Namespace: "virtplane", Subsystem: "backup", Name: "last_success_timestamp_seconds", StabilityLevel: metrics.ALPHA,
		Help: "When the latest scheduled backup in the directory of this server was made; 0 without one.",
	})
	failures = metrics.NewCounter(&metrics.CounterOpts{
		Namespace: "virtplane", Subsystem: "backup", Name: "failures_total", StabilityLevel: metrics.ALPHA,
		Help: "Scheduled backups that failed.",
	})
)

func init() { legacyregistry.MustRegister(lastSuccess, failures) }
