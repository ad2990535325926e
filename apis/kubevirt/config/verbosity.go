// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"maps"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// Verbosity holds the log levels of the components; 0 is the level that a component was started with.
type Verbosity struct {
	// API is that of virt-apiserver, Controller that of virt-controller.
	API, Controller uint64
	// NodePlugin is that of node plugins but those in Nodes.
	NodePlugin uint64
	// Nodes are those of the plugins of single nodes.
	Nodes map[string]uint64
	// Launcher is that of launchers that start.
	Launcher uint64
}

func verbosityOf(l *v1.LogVerbosity) Verbosity {
	if l == nil {
		return Verbosity{}
	}
	v := Verbosity{
		API:        min(l.VirtAPI, MaxVerbosity),
		Controller: min(l.VirtController, MaxVerbosity),
		NodePlugin: min(l.VirtHandler, MaxVerbosity),
		Launcher:   min(l.VirtLauncher, MaxVerbosity),
		Nodes:      maps.Clone(l.NodeVerbosity),
	}
	for node, level := range v.Nodes {
		v.Nodes[node] = min(level, MaxVerbosity)
	}
	return v
}

// Node is the level of a node's plugin.
func (v Verbosity) Node(name string) uint64 {
	if level := v.Nodes[name]; level != 0 {
		return level
	}
	return v.NodePlugin
}
