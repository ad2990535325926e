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
	API, Controller int64
	// NodePlugin is that of node plugins but those in Nodes.
	NodePlugin int64
	// Nodes are those of the plugins of single nodes.
	Nodes map[string]int64
	// Launcher is that of launchers that start.
	Launcher int64
}

func verbosityOf(l *v1.LogVerbosity) Verbosity {
	if l == nil {
		return Verbosity{}
	}
	v := Verbosity{
		API:        level(l.VirtAPI),
		Controller: level(l.VirtController),
		NodePlugin: level(l.VirtHandler),
		Launcher:   level(l.VirtLauncher),
		Nodes:      maps.Clone(l.NodeVerbosity),
	}
	for node, wanted := range v.Nodes {
		v.Nodes[node] = level(wanted)
	}
	return v
}

func level(wanted int64) int64 { return min(max(wanted, 0), MaxVerbosity) }

// Node is the level of a node's plugin.
func (v Verbosity) Node(name string) int64 {
	if level := v.Nodes[name]; level != 0 {
		return level
	}
	return v.NodePlugin
}
