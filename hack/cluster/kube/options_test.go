// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/virtplane/virtplane/hack/cluster/network"
)

func write(t *testing.T) *Options {
	t.Helper()
	o := &Options{
		StateDir: t.TempDir(), KubernetesDir: "/k", ContainerdDir: "/c", RuncDir: "/r", EtcdDir: "/e", CoreDNSDir: "/d",
		Nodes: 2, Snapshotter: "overlayfs", TotalMemoryMiB: 8192, NodeMemoryMiB: 3000, PauseImage: "example.org/pause:1",
	}
	spec, err := o.Write()
	if err != nil {
		t.Fatal(err)
	}
	if len(spec.Nodes) != 2 || len(spec.Control.Services) == 0 {
		t.Fatalf("spec has %d nodes and %d control services", len(spec.Nodes), len(spec.Control.Services))
	}
	return o
}

func TestOnlyTheFrontProxyAuthoritySignsTheFrontProxy(t *testing.T) {
	o := write(t)
	read := func(name string) *x509.Certificate {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(o.pkiDir(), name))
		if err != nil {
			t.Fatal(err)
		}
		block, _ := pem.Decode(text)
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		return cert
	}
	proxy := read("front-proxy-client.crt")
	if err := proxy.CheckSignatureFrom(read("front-proxy-ca.crt")); err != nil {
		t.Errorf("front-proxy certificate: %v", err)
	}
	if err := proxy.CheckSignatureFrom(read("ca.crt")); err == nil {
		t.Error("the front-proxy certificate is trusted by the cluster's CA too: any client could name its own user")
	}
	if apiserver := read("apiserver.crt"); apiserver.VerifyHostname(network.APIServiceAddress) != nil {
		t.Error("pods cannot verify kube-apiserver at the Service address")
	}
}

func TestNodesGetTheRangesThatAreRouted(t *testing.T) {
	o := write(t)
	for index := 1; index <= o.Nodes; index++ {
		name := NodeName(index)
		root := o.nodeRoot(name)
		cni, err := os.ReadFile(filepath.Join(root, "etc/cni/net.d/10-virtplane.conflist"))
		if err != nil {
			t.Fatal(err)
		}
		object := "name: " + name + "\nspec:\n  podCIDR: " + network.PodCIDR(index)
		if !strings.Contains(string(cni), network.PodCIDR(index)) || !strings.Contains(string(o.nodeObjects()), object) {
			t.Errorf("%s: the Node object or the CNI configuration lacks %s", name, network.PodCIDR(index))
		}
	}
}

func TestKubeletOffersItsShareOfTheMemory(t *testing.T) {
	o := write(t)
	var config struct {
		SystemReserved map[string]string `json:"systemReserved"`
		CgroupRoot     string            `json:"cgroupRoot"`
		FailCgroupV1   *bool             `json:"failCgroupV1"`
	}
	if err := yaml.Unmarshal(o.kubeletConfig("node2"), &config); err != nil {
		t.Fatal(err)
	}
	if config.SystemReserved["memory"] != "5192Mi" || config.CgroupRoot != "/virtplane/node2" || config.FailCgroupV1 == nil || *config.FailCgroupV1 {
		t.Errorf("got %+v", config)
	}
}

func TestAuditIsOffUnlessAskedFor(t *testing.T) {
	o := &Options{}
	has := func() bool {
		return slices.ContainsFunc(o.apiserverFlags(), func(flag string) bool { return strings.HasPrefix(flag, "--audit-log-path=") })
	}
	if has() {
		t.Error("requests are logged without being asked for")
	}
	if o.Audit = true; !has() {
		t.Error("requests are not logged")
	}
}
