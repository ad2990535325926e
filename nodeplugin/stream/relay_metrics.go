// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
)

// The kinds of streams in metrics.
const (
	kindVNC = "vnc"
	kindTCP = "portforward-tcp"
	kindUDP = "portforward-udp"
)

var (
	openStreams = metrics.NewGaugeVec(&metrics.GaugeOpts{
		Namespace: "virtplane", Subsystem: "nodeplugin", Name: "streams",
		Help: "Number of streams between clients and guests that are open, by kind.", StabilityLevel: metrics.ALPHA,
	}, []string{"kind"})
	streamBytes = metrics.NewCounterVec(&metrics.CounterOpts{
		Namespace: "virtplane", Subsystem: "nodeplugin", Name: "stream_bytes_total",
		Help: "Bytes that streams have carried, by kind and direction.", StabilityLevel: metrics.ALPHA,
	}, []string{"kind", "direction"})
)

func init() { legacyregistry.MustRegister(openStreams, streamBytes) }

// meter counts one stream.
type meter struct{ kind string }

func (m meter) open()           { openStreams.WithLabelValues(m.kind).Inc() }
func (m meter) close()          { openStreams.WithLabelValues(m.kind).Dec() }
func (m meter) fromGuest(n int) { streamBytes.WithLabelValues(m.kind, "from-guest").Add(float64(n)) }
func (m meter) toGuest(n int)   { streamBytes.WithLabelValues(m.kind, "to-guest").Add(float64(n)) }
