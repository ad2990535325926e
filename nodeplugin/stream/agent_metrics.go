// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
)

// agentCommands counts what guests' agents were asked for by users.
var agentCommands = metrics.NewCounterVec(&metrics.CounterOpts{
	Namespace: "virtplane", Subsystem: "nodeplugin", Name: "agent_commands_total",
	Help:           "Number of commands for guest agents, by verb and by result: ok, not_connected, silent, busy, refused, timeout or error.",
	StabilityLevel: metrics.ALPHA,
}, []string{"verb", "result"})

func init() { legacyregistry.MustRegister(agentCommands) }
