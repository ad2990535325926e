// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"

	// Requests to the API server and queues count themselves.
	_ "k8s.io/component-base/metrics/prometheus/restclient"
	_ "k8s.io/component-base/metrics/prometheus/workqueue"
)

var (
	leadingStatus = metrics.NewGauge(&metrics.GaugeOpts{
		Name:           "kubevirt_virt_controller_leading_status",
		Help:           "1 while this virt-controller holds the leader lease.",
		StabilityLevel: metrics.ALPHA,
	})
	readyStatus = metrics.NewGauge(&metrics.GaugeOpts{
		Name:           "kubevirt_virt_controller_ready_status",
		Help:           "1 while this virt-controller leads and has seen all that it works on.",
		StabilityLevel: metrics.ALPHA,
	})
)

func init() { legacyregistry.MustRegister(leadingStatus, readyStatus) }
