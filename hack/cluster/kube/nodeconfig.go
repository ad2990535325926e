// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"path"

	"github.com/virtplane/virtplane/hack/cluster/network"
)

// containerdSocket is where containerd listens inside a node.
const containerdSocket = "/run/containerd/containerd.sock"

// kubeletConfig differs from the defaults where the node shares its machine with others: its cgroup, its share of the
// memory, limits of the disk that count what is left (of a disk that others fill too), and no removal of images, which
// no registry could bring back.
func (o *Options) kubeletConfig(name string) []byte {
	return fmt.Appendf(nil, `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: /etc/kubernetes/ca.crt}
authorization: {mode: Webhook}
tlsCertFile: /etc/kubernetes/kubelet.crt
tlsPrivateKeyFile: /etc/kubernetes/kubelet.key
containerRuntimeEndpoint: unix://%s
cgroupDriver: cgroupfs
cgroupRoot: %s
failCgroupV1: %t
failSwapOn: false
clusterDomain: cluster.local
clusterDNS: [%s]
resolvConf: /etc/resolv.conf
volumePluginDir: /var/lib/kubelet/volume-plugins
serializeImagePulls: false
systemReserved: {memory: %dMi}
evictionHard: {memory.available: 100Mi, nodefs.available: 1Gi, imagefs.available: 1Gi}
imageGCHighThresholdPercent: 100
`, containerdSocket, cgroupOf(name), o.CgroupV2, network.DNSAddress, o.TotalMemoryMiB-o.NodeMemoryMiB)
}

// containerdConfig is that of a node without a registry.
func (o *Options) containerdConfig() []byte {
	return fmt.Appendf(nil, `version = 4
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.internal.v1.opt"]

[grpc]
  address = %q

[plugins.'io.containerd.cri.v1.images']
  snapshotter = %q
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = %q

[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = %t
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
      BinaryName = %q
      SystemdCgroup = false
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ["/opt/cni/bin", "/usr/lib/cni"]
    conf_dir = "/etc/cni/net.d"
    use_internal_loopback = true
`, containerdSocket, o.Snapshotter, o.PauseImage, o.RestrictOOMScore, nodeTool("runc", "runc"))
}

// cniConfig routes every pod by a link of its own: unlike with a bridge, the packet filter of the node then sees all
// traffic between pods, which Services need, without the br_netfilter module.
func cniConfig(index int) []byte {
	return fmt.Appendf(nil, `{
  "cniVersion": "1.0.0",
  "name": "virtplane",
  "plugins": [
    {
      "type": "ptp",
      "ipam": {"type": "host-local", "ranges": [[{"subnet": %q}]], "routes": [{"dst": "0.0.0.0/0"}]}
    },
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
`, network.PodCIDR(index))
}

// proxyConfig leaves the connection-tracking limits alone: they belong to the host.
func proxyConfig(name string) []byte {
	return fmt.Appendf(nil, `apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
hostnameOverride: %s
clusterCIDR: %s
clientConnection: {kubeconfig: /etc/kubernetes/proxy.kubeconfig}
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
`, name, network.PodSubnet)
}

// localVolume is the directory of a local volume inside a node.
func localVolume(index int) string { return path.Join(LocalVolumeDir, fmt.Sprint(index)) }

func newMachineID() ([]byte, error) {
	id := make([]byte, 16)
	if _, err := rand.Read(id); err != nil {
		return nil, err
	}
	return []byte(hex.EncodeToString(id) + "\n"), nil
}
