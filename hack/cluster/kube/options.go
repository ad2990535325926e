// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/virtplane/virtplane/hack/cluster/machine"
	"github.com/virtplane/virtplane/hack/cluster/network"
)

// Options say what cluster to write.
type Options struct {
	// StateDir receives all files; the others hold the programs.
	StateDir, KubernetesDir, ContainerdDir, RuncDir, EtcdDir, CoreDNSDir string
	// Nodes is the number of nodes.
	Nodes int
	// Audit makes kube-apiserver log one line per request.
	Audit bool
	// CgroupV2 tells the kubelets which kind of host they are on.
	CgroupV2 bool
	// RestrictOOMScore is set where the cluster may not make a process less likely to be killed than itself.
	RestrictOOMScore bool
	// Snapshotter is containerd's way to stack image layers.
	Snapshotter string
	// NodeMemoryMiB is what a node offers to pods.
	NodeMemoryMiB int
	// TotalMemoryMiB is what the machine has.
	TotalMemoryMiB int
	// PauseImage is the image of the pods' sandbox containers.
	PauseImage string
}

// NodeName is the name of a node, counted from 1.
func NodeName(index int) string { return fmt.Sprintf("node%d", index) }

// Kubeconfig is the path of the administrator's kubeconfig.
func (o *Options) Kubeconfig() string { return filepath.Join(o.StateDir, "kubeconfig") }

func (o *Options) controlDir() string           { return filepath.Join(o.StateDir, "control") }
func (o *Options) pkiDir() string               { return filepath.Join(o.StateDir, "pki") }
func (o *Options) auditLog() string             { return filepath.Join(o.StateDir, "audit.log") }
func (o *Options) nodeDir(name string) string   { return filepath.Join(o.StateDir, "nodes", name) }
func (o *Options) nodeRoot(name string) string  { return filepath.Join(o.nodeDir(name), "root") }
func nodeTool(component, program string) string { return filepath.Join("/opt", component, program) }

// Write writes the files of a new cluster and returns the spec with which its supervisor starts.
func (o *Options) Write() (*machine.Spec, error) {
	p, err := newPKI()
	if err != nil {
		return nil, err
	}
	files, err := p.controlFiles()
	if err != nil {
		return nil, err
	}
	if err := writeFiles(o.pkiDir(), files); err != nil {
		return nil, err
	}
	control := map[string][]byte{"audit-policy.yaml": []byte(auditPolicy), "Corefile": o.corefile()}
	for name, user := range map[string]string{"controller-manager": "system:kube-controller-manager", "scheduler": "system:kube-scheduler"} {
		if control[name+".kubeconfig"], err = p.kubeconfig(user); err != nil {
			return nil, err
		}
	}
	// It runs beside the keys of the control plane anyway, and a role of its own would exist too late for its first
	// questions, after which it waits for long.
	if control["coredns.kubeconfig"], err = p.kubeconfig("system:coredns", mastersGroup); err != nil {
		return nil, err
	}
	if err := writeFiles(o.controlDir(), control); err != nil {
		return nil, err
	}
	admin, err := p.kubeconfig("admin", mastersGroup)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(o.Kubeconfig(), admin, 0o600); err != nil {
		return nil, err
	}
	spec := &machine.Spec{Control: machine.Machine{Name: "control", Dir: o.controlDir(), Services: o.controlPlane()}}
	for index := 1; index <= o.Nodes; index++ {
		node, err := o.writeNode(p, index)
		if err != nil {
			return nil, fmt.Errorf("write node %d: %w", index, err)
		}
		spec.Nodes = append(spec.Nodes, *node)
	}
	return spec, os.WriteFile(filepath.Join(o.StateDir, "nodes.yaml"), o.nodeObjects(), 0o644)
}

// nodeObjects are the Node objects with their pod ranges; the kubelets fill in the rest.
func (o *Options) nodeObjects() []byte {
	var text []byte
	for index := 1; index <= o.Nodes; index++ {
		text = fmt.Appendf(text, "---\napiVersion: v1\nkind: Node\nmetadata:\n  name: %s\nspec:\n  podCIDR: %[2]s\n  podCIDRs: [%[2]s]\n",
			NodeName(index), network.PodCIDR(index))
	}
	return text
}
