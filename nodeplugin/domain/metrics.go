// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
)

var (
	// sessions counts the launchers that are connected.
	sessions = metrics.NewGauge(&metrics.GaugeOpts{
		Namespace: "virtplane", Subsystem: "nodeplugin", Name: "sessions",
		Help: "Number of launchers that have a session.", StabilityLevel: metrics.ALPHA,
	})
	// agents counts the guests whose agent is connected.
	agents = metrics.NewGauge(&metrics.GaugeOpts{
		Namespace: "virtplane", Subsystem: "nodeplugin", Name: "agents_connected",
		Help: "Number of guests whose guest agent is connected.", StabilityLevel: metrics.ALPHA,
	})
	// plumbSeconds measures how long it takes to connect a guest with its pod's network.
	plumbSeconds = metrics.NewHistogram(&metrics.HistogramOpts{
		Namespace: "virtplane", Subsystem: "nodeplugin", Name: "plumb_seconds",
		Help:    "Time to connect a guest with the network of its pod, in seconds.",
		Buckets: metrics.ExponentialBuckets(0.001, 2, 12), StabilityLevel: metrics.ALPHA,
	})
)

func init() { legacyregistry.MustRegister(sessions, agents, plumbSeconds) }
