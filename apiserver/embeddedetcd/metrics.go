// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package embeddedetcd

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
)

var members = metrics.NewGaugeVec(&metrics.GaugeOpts{
	Namespace: "virtplane", Name: "etcd_members", StabilityLevel: metrics.ALPHA,
	Help: "Members of the embedded etcd as this one knows them, by role: voter or learner.",
}, []string{"role"})

func init() {
	legacyregistry.MustRegister(members)
	// etcd counts in a registry of its own, which the server does not show.
	legacyregistry.RawMustRegister(etcdMetrics{})
}

func (e *Etcd) count() {
	learners := 0
	all := e.server.Server.Cluster().Members()
	for _, m := range all {
		if m.IsLearner {
			learners++
		}
	}
	members.WithLabelValues("voter").Set(float64(len(all) - learners))
	members.WithLabelValues("learner").Set(float64(learners))
}

// etcdMetrics shows etcd's own metrics beside those of the server.
type etcdMetrics struct{}

// Describe tells nothing in advance, which makes the collector one that the registry does not check.
func (etcdMetrics) Describe(chan<- *prometheus.Desc) {}

// Collect passes on what etcd has counted.
func (etcdMetrics) Collect(out chan<- prometheus.Metric) {
	// Gather returns what it could even with an error, which would be that of another collector.
	families, _ := prometheus.DefaultGatherer.Gather()
	for _, family := range families {
		if !strings.HasPrefix(family.GetName(), "etcd_") {
			continue
		}
		for _, m := range family.GetMetric() {
			out <- gathered{family: family, metric: m}
		}
	}
}

type gathered struct {
	family *dto.MetricFamily
	metric *dto.Metric
}

// Desc describes the metric with the labels that it has, as constant ones.
func (g gathered) Desc() *prometheus.Desc {
	labels := prometheus.Labels{}
	for _, pair := range g.metric.GetLabel() {
		labels[pair.GetName()] = pair.GetValue()
	}
	return prometheus.NewDesc(g.family.GetName(), g.family.GetHelp(), nil, labels)
}

// Write copies the metric.
func (g gathered) Write(to *dto.Metric) error {
	to.Label, to.Gauge, to.Counter, to.Summary, to.Untyped, to.Histogram, to.TimestampMs =
		g.metric.Label, g.metric.Gauge, g.metric.Counter, g.metric.Summary, g.metric.Untyped, g.metric.Histogram, g.metric.TimestampMs
	return nil
}
