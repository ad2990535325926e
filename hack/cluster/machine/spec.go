// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package machine runs the machines of the local cluster: one for the control plane and one per node.
// Each is a set of Linux namespaces whose PID 1 is this program; what runs inside comes from a Spec.
package machine

// Service is one program that a machine keeps running.
type Service struct {
	// Name names the log file, the pid file and the cgroup.
	Name string `json:"name"`
	// Argv is the command line; Argv[0] is an absolute path inside the machine.
	Argv []string `json:"argv"`
	// Env holds additional NAME=VALUE pairs.
	Env []string `json:"env,omitempty"`
	// WaitFor is a path that another service makes; without it this one would fail and be started again.
	WaitFor string `json:"waitFor,omitempty"`
}

// Machine is what the control plane and the nodes have in common.
type Machine struct {
	// Name is the host name of the machine.
	Name string `json:"name"`
	// Dir is the directory on the host that receives NAME.log and NAME.pid of every service.
	Dir string `json:"dir"`
	// Services are started in this order; only those with WaitFor wait for another.
	Services []Service `json:"services"`
}

// Bind makes a path of the host visible inside a node, read-only.
type Bind struct {
	Source string `json:"source"`
	Target string `json:"target"`
}

// Node is a machine with a root directory, a network and processes of its own.
type Node struct {
	Machine
	// Root is the directory on the host that becomes the node's root.
	Root string `json:"root"`
	// Binds are added to the node's root before it is entered.
	Binds []Bind `json:"binds"`
	// Index counts from 1 and decides the addresses.
	Index int `json:"index"`
	// Nodes is the number of nodes of the cluster, for the routes to the others.
	Nodes int `json:"nodes"`
}

// Spec describes a whole cluster to its supervisor.
type Spec struct {
	Control Machine `json:"control"`
	Nodes   []Node  `json:"nodes"`
}
