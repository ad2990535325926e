// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package csi

import (
	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
)

// publishErrors counts the volumes that could not be published, by the reason's gRPC code.
var publishErrors = metrics.NewCounterVec(&metrics.CounterOpts{
	Namespace: "virtplane", Subsystem: "nodeplugin", Name: "publish_errors_total",
	Help: "Number of calls to publish a session directory that ended with an error, by gRPC code.", StabilityLevel: metrics.ALPHA,
}, []string{"code"})

func init() { legacyregistry.MustRegister(publishErrors) }
