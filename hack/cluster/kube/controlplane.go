// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"path/filepath"
	"strings"

	"github.com/virtplane/virtplane/hack/cluster/machine"
	"github.com/virtplane/virtplane/hack/cluster/network"
)

const (
	// etcdURL is on the loopback of the control plane's own network namespace, where nothing else listens.
	etcdURL = "http://127.0.0.1:2379"
	// frontProxyName is the name in the certificate with which kube-apiserver calls aggregated API servers.
	frontProxyName = "front-proxy-client"
)

// auditPolicy records who did what to which object, once per request, without the objects.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
`

// controlPlane returns the services of the control plane. pki and kubeconfigs are directories on the host.
func (o *Options) controlPlane() []machine.Service {
	tool := func(name string) string { return filepath.Join(o.KubernetesDir, name) }
	return []machine.Service{
		{Name: "etcd", Argv: o.etcd()},
		{Name: "kube-apiserver", Argv: append([]string{tool("kube-apiserver")}, o.apiserverFlags()...)},
		{Name: "kube-controller-manager", Argv: append([]string{tool("kube-controller-manager")}, o.controllerManagerFlags()...)},
		{Name: "kube-scheduler", Argv: append([]string{tool("kube-scheduler")}, o.schedulerFlags()...)},
		{Name: "coredns", Argv: []string{filepath.Join(o.CoreDNSDir, "coredns"), "-conf", filepath.Join(o.controlDir(), "Corefile")}},
	}
}

func (o *Options) etcd() []string {
	return []string{
		filepath.Join(o.EtcdDir, "etcd"), "--name=control", "--data-dir=" + filepath.Join(o.controlDir(), "etcd"),
		"--listen-client-urls=" + etcdURL, "--advertise-client-urls=" + etcdURL,
		"--listen-peer-urls=http://127.0.0.1:2380", "--initial-advertise-peer-urls=http://127.0.0.1:2380",
		"--initial-cluster=control=http://127.0.0.1:2380", "--initial-cluster-state=new",
		// The data is thrown away with the cluster. It survives a killed etcd all the same, only not a power cut.
		"--unsafe-no-fsync=true", "--log-level=warn",
	}
}

func (o *Options) apiserverFlags() []string {
	pki := func(name string) string { return filepath.Join(o.pkiDir(), name) }
	flags := []string{
		"--advertise-address=" + network.ControlAddress, "--bind-address=0.0.0.0", "--secure-port=6443",
		"--etcd-servers=" + etcdURL,
		"--service-cluster-ip-range=" + network.ServiceSubnet,
		"--tls-cert-file=" + pki("apiserver.crt"), "--tls-private-key-file=" + pki("apiserver.key"),
		"--client-ca-file=" + pki("ca.crt"),
		"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction", "--allow-privileged=true",
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + pki("sa.pub"), "--service-account-signing-key-file=" + pki("sa.key"),
		// The aggregation layer; routing to endpoints spares the control plane a kube-proxy of its own.
		"--requestheader-client-ca-file=" + pki("front-proxy-ca.crt"), "--requestheader-allowed-names=" + frontProxyName,
		"--requestheader-username-headers=X-Remote-User", "--requestheader-uid-headers=X-Remote-Uid",
		"--requestheader-group-headers=X-Remote-Group", "--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + pki("front-proxy-client.crt"), "--proxy-client-key-file=" + pki("front-proxy-client.key"),
		"--enable-aggregator-routing=true",
		// Node names do not resolve.
		"--kubelet-preferred-address-types=InternalIP", "--kubelet-certificate-authority=" + pki("ca.crt"),
		"--kubelet-client-certificate=" + pki("apiserver-kubelet-client.crt"), "--kubelet-client-key=" + pki("apiserver-kubelet-client.key"),
	}
	if o.Audit {
		flags = append(flags, "--audit-policy-file="+filepath.Join(o.controlDir(), "audit-policy.yaml"), "--audit-log-path="+o.auditLog())
	}
	return flags
}

func (o *Options) controllerManagerFlags() []string {
	pki := func(name string) string { return filepath.Join(o.pkiDir(), name) }
	return append(o.logins("kube-controller-manager"),
		"--bind-address=127.0.0.1",
		// There is one of them, and it starts thirty controllers at once.
		"--leader-elect=false", "--kube-api-qps=100", "--kube-api-burst=200",
		"--root-ca-file="+pki("ca.crt"), "--service-account-private-key-file="+pki("sa.key"), "--use-service-account-credentials=true",
		"--cluster-signing-cert-file="+pki("ca.crt"), "--cluster-signing-key-file="+pki("ca.key"),
		// The ranges of the nodes are fixed, because the routes to them are.
		"--allocate-node-cidrs=false", "--cluster-cidr="+network.PodSubnet, "--service-cluster-ip-range="+network.ServiceSubnet,
	)
}

func (o *Options) schedulerFlags() []string {
	return append(o.logins("kube-scheduler"), "--bind-address=127.0.0.1", "--leader-elect=false")
}

func (o *Options) logins(name string) []string {
	kubeconfig := filepath.Join(o.controlDir(), strings.TrimPrefix(name, "kube-")+".kubeconfig")
	return []string{
		"--kubeconfig=" + kubeconfig, "--authentication-kubeconfig=" + kubeconfig, "--authorization-kubeconfig=" + kubeconfig,
		// Nobody but the probes asks them anything, and the look-up fails until the first roles exist.
		"--authentication-skip-lookup=true",
	}
}
