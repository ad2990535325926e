// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"strconv"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// frontProxyName is who kube-apiserver is to aggregated servers.
const frontProxyName = "front-proxy-client"

func (c *ControlPlane) startKubeAPIServer(ctx context.Context) error {
	ca, err := writePKI(c.options.Dir)
	if err != nil {
		return err
	}
	c.ca = ca
	port, err := freePort()
	if err != nil {
		return err
	}
	c.url = "https://" + net.JoinHostPort("127.0.0.1", port)
	if c.Admin, err = c.Login("admin", "system:masters"); err != nil {
		return err
	}
	c.Kubeconfig = c.file("admin.kubeconfig")
	if err := c.writeKubeconfig(c.Kubeconfig, &clientcmdapi.AuthInfo{ClientCertificateData: c.Admin.CertData, ClientKeyData: c.Admin.KeyData}); err != nil {
		return err
	}
	if c.Core, err = kubernetes.NewForConfig(c.Admin); err != nil {
		return fmt.Errorf("make client: %w", err)
	}
	cmd := exec.Command(c.options.KubeAPIServer, c.kubeAPIServerFlags(port)...)
	if c.KubeAPIServer, err = start("kube-apiserver", c.file("kube-apiserver.log"), cmd); err != nil {
		return err
	}
	return await(ctx, c.KubeAPIServer, func(ctx context.Context) error {
		return c.Core.CoreV1().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	})
}

// Login returns how a user in groups reaches kube-apiserver.
func (c *ControlPlane) Login(user string, groups ...string) (*rest.Config, error) {
	login, err := c.ca.client(user, groups...)
	if err != nil {
		return nil, err
	}
	// The client must not be what is slow.
	return &rest.Config{Host: c.url, QPS: -1, TLSClientConfig: rest.TLSClientConfig{CAData: c.ca.pem, CertData: login.cert, KeyData: login.key}}, nil
}

func (c *ControlPlane) kubeAPIServerFlags(port string) []string {
	return []string{
		// Nothing is reached by this address: there are no pods.
		"--advertise-address=192.0.2.1", "--endpoint-reconciler-type=none",
		"--bind-address=127.0.0.1", "--secure-port=" + port,
		"--etcd-servers=" + c.HostEtcd(),
		"--service-cluster-ip-range=198.51.100.0/24",
		"--tls-cert-file=" + c.file("apiserver.crt"), "--tls-private-key-file=" + c.file("apiserver.key"),
		"--client-ca-file=" + c.file("ca.crt"), "--authorization-mode=Node,RBAC",
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + c.file("sa.pub"), "--service-account-signing-key-file=" + c.file("sa.key"),
		"--requestheader-client-ca-file=" + c.file("front-proxy-ca.crt"), "--requestheader-allowed-names=" + frontProxyName,
		"--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
		"--requestheader-uid-headers=X-Remote-Uid", "--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + c.file("proxy.crt"), "--proxy-client-key-file=" + c.file("proxy.key"),
	}
}

func (c *ControlPlane) writeKubeconfig(path string, login *clientcmdapi.AuthInfo) error {
	config := clientcmdapi.NewConfig()
	config.Clusters["host"] = &clientcmdapi.Cluster{Server: c.url, CertificateAuthorityData: c.ca.pem}
	config.AuthInfos["user"] = login
	config.Contexts["test"] = &clientcmdapi.Context{Cluster: "host", AuthInfo: "user"}
	config.CurrentContext = "test"
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		return fmt.Errorf("write kubeconfig: %w", err)
	}
	return nil
}

// freePort returns a port of the loopback address that nothing listens to.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find free port: %w", err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), nil
}
