// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"os"
	"path/filepath"

	"github.com/virtplane/virtplane/hack/cluster/host"
	"github.com/virtplane/virtplane/hack/cluster/machine"
	"github.com/virtplane/virtplane/hack/cluster/network"
)

// LocalVolumes is the number of local volumes on every node.
const LocalVolumes = 4

// LocalVolumeDir holds them inside the node.
const LocalVolumeDir = "/var/lib/local-volumes"

// writeNode writes the node's part of the file system and returns what its init starts.
func (o *Options) writeNode(p *pki, index int) (*machine.Node, error) {
	name := NodeName(index)
	serving, err := p.cluster.server("system:node:"+name, name, network.NodeAddress(index))
	if err != nil {
		return nil, err
	}
	kubelet, err := p.kubeconfig("system:node:"+name, "system:nodes")
	if err != nil {
		return nil, err
	}
	proxy, err := p.kubeconfig("system:kube-proxy")
	if err != nil {
		return nil, err
	}
	machineID, err := newMachineID()
	if err != nil {
		return nil, err
	}
	root := o.nodeRoot(name)
	for path, files := range map[string]map[string][]byte{
		"etc": {
			"hostname": []byte(name + "\n"), "machine-id": machineID,
			"hosts": []byte("127.0.0.1 localhost\n" + network.NodeAddress(index) + " " + name + "\n"),
			// No name server: there is nothing to ask.
			"resolv.conf": []byte("search cluster.local\n"),
		},
		"etc/kubernetes": {
			"ca.crt": p.cluster.pem, "kubelet.crt": serving.cert, "kubelet.key": serving.key,
			"kubelet.kubeconfig": kubelet, "kubelet.yaml": o.kubeletConfig(name),
			"proxy.kubeconfig": proxy, "proxy.yaml": proxyConfig(name),
		},
		"etc/containerd": {"config.toml": o.containerdConfig()},
		"etc/cni/net.d":  {"10-virtplane.conflist": cniConfig(index)},
	} {
		if err := writeFiles(filepath.Join(root, path), files); err != nil {
			return nil, err
		}
	}
	// Programs that do not run as root look these up.
	for path, mode := range map[string]os.FileMode{
		"": 0o755, "etc": 0o755, "etc/hostname": 0o644, "etc/hosts": 0o644, "etc/resolv.conf": 0o644, "etc/machine-id": 0o444,
	} {
		if err := os.Chmod(filepath.Join(root, path), mode); err != nil {
			return nil, err
		}
	}
	for volume := range LocalVolumes {
		if err := os.MkdirAll(filepath.Join(root, localVolume(volume)), 0o777); err != nil {
			return nil, err
		}
	}
	node := &machine.Node{Root: root, Index: index, Nodes: o.Nodes, Binds: []machine.Bind{
		{Source: o.KubernetesDir, Target: "/opt/kubernetes"},
		{Source: o.ContainerdDir, Target: "/opt/containerd"},
		{Source: o.RuncDir, Target: "/opt/runc"},
	}}
	node.Name, node.Dir = name, o.nodeDir(name)
	node.Services = []machine.Service{
		{Name: "containerd", Argv: []string{nodeTool("containerd", "containerd"), "--config=/etc/containerd/config.toml"},
			Env: []string{"PATH=/opt/containerd:/opt/runc:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}},
		{Name: "kubelet", Argv: []string{nodeTool("kubernetes", "kubelet"), "--config=/etc/kubernetes/kubelet.yaml",
			"--kubeconfig=/etc/kubernetes/kubelet.kubeconfig", "--hostname-override=" + name, "--node-ip=" + network.NodeAddress(index)},
			WaitFor: containerdSocket},
		{Name: "kube-proxy", Argv: []string{nodeTool("kubernetes", "kube-proxy"), "--config=/etc/kubernetes/proxy.yaml"}},
	}
	return node, nil
}

func cgroupOf(node string) string { return host.CgroupParent + "/" + node }
