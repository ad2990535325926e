// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"errors"
	"net"
	"net/url"
	"os"
	"testing"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	clientset "github.com/virtplane/virtplane/client/clientset/versioned"
	"github.com/virtplane/virtplane/test/kubeapiserver"
)

// TestAnExternalEtcdOverTLS holds that the objects go to the servers that flags name, which ask for a certificate, and that
// no member is started then, whatever the manifest says about its peers.
func TestAnExternalEtcdOverTLS(t *testing.T) {
	dir := t.TempDir()
	serving, client := must(cluster.ca.Server())(t), must(cluster.ca.Client("virt-apiserver"))(t)
	file := func(name string) string { return dir + "/" + name }
	if err := kubeapiserver.WriteFiles(dir, map[string][]byte{
		"ca.crt": cluster.ca.PEM, "serving.crt": serving.Cert, "serving.key": serving.Key, "client.crt": client.Cert, "client.key": client.Key,
	}); err != nil {
		t.Fatal(err)
	}
	address := url.URL{Scheme: "https", Host: net.JoinHostPort("127.0.0.1", must(kubeapiserver.FreePort())(t))}
	c := embed.NewConfig()
	c.Name, c.Dir = "external", file("etcd")
	c.ListenClientUrls, c.AdvertiseClientUrls = []url.URL{address}, []url.URL{address}
	c.ListenPeerUrls = nil
	c.InitialCluster = c.Name + "=" + c.AdvertisePeerUrls[0].String()
	c.ClientTLSInfo = transport.TLSInfo{CertFile: file("serving.crt"), KeyFile: file("serving.key"), TrustedCAFile: file("ca.crt"), ClientCertAuth: true}
	c.LogLevel, c.LogOutputs = "error", []string{file("etcd.log")}
	etcd := must(embed.StartEtcd(c))(t)
	t.Cleanup(etcd.Close)

	s := must(cluster.newServer(cluster.file("external")))(t)
	s.flags = []string{
		"--etcd-servers=" + address.String(), "--etcd-cafile=" + file("ca.crt"), "--etcd-certfile=" + file("client.crt"), "--etcd-keyfile=" + file("client.key"),
		"--etcd-peer-address=virt-apiserver-{ordinal}.example:2380",
	}
	if err := s.startProcess(t.Context(), file("server.log")); err != nil {
		t.Fatalf("%v: %s", err, kubeapiserver.Tail(file("server.log")))
	}
	ns := newNamespace(t)
	api := must(clientset.NewForConfig(must(s.login("admin", "system:masters"))(t)))(t).KubevirtV1()
	must(api.VirtualMachines(ns).Create(t.Context(), newVM("demo"), metav1.CreateOptions{}))(t)

	tlsConfig := must(transport.TLSInfo{CertFile: file("client.crt"), KeyFile: file("client.key"), TrustedCAFile: file("ca.crt")}.ClientConfig())(t)
	direct := must(clientv3.New(clientv3.Config{Endpoints: []string{address.String()}, TLS: tlsConfig, DialTimeout: patience}))(t)
	defer direct.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	stored := must(direct.Get(ctx, "/registry/virtplane.io/kubevirt.io/virtualmachines/"+ns+"/demo"))(t)
	if len(stored.Kvs) != 1 {
		t.Error("the object is not in the external etcd")
	}
	if _, err := os.Stat(s.dataDir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a data directory was made: %v", err)
	}
	if err := s.terminate(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}
