// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
)

// viewers counts the console connections that are open.
var viewers = metrics.NewGauge(&metrics.GaugeOpts{
	Namespace:      "virtplane",
	Subsystem:      "nodeplugin",
	Name:           "console_connections",
	Help:           "Number of console connections that are open.",
	StabilityLevel: metrics.ALPHA,
})

func init() { legacyregistry.MustRegister(viewers) }
