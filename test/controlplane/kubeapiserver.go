// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"fmt"
	"net"
	"os/exec"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/virtplane/virtplane/test/kubeapiserver"
)

func (c *ControlPlane) startKubeAPIServer(ctx context.Context) error {
	pki, err := kubeapiserver.WritePKI(c.options.Dir)
	if err != nil {
		return err
	}
	c.ca = pki.CA
	port, err := kubeapiserver.FreePort()
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
	cmd := exec.Command(c.options.KubeAPIServer, kubeapiserver.Flags(c.options.Dir, port, c.HostEtcd())...)
	if c.KubeAPIServer, err = start("kube-apiserver", c.file("kube-apiserver.log"), cmd); err != nil {
		return err
	}
	return await(ctx, c.KubeAPIServer, func(ctx context.Context) error {
		return c.Core.CoreV1().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	})
}

// Login returns how a user in groups reaches kube-apiserver.
func (c *ControlPlane) Login(user string, groups ...string) (*rest.Config, error) {
	login, err := c.ca.Client(user, groups...)
	if err != nil {
		return nil, err
	}
	// The client must not be what is slow, nor print a line for each of thousands of objects.
	return &rest.Config{Host: c.url, QPS: -1, WarningHandler: rest.NoWarnings{}, TLSClientConfig: rest.TLSClientConfig{CAData: c.ca.PEM, CertData: login.Cert, KeyData: login.Key}}, nil
}

func (c *ControlPlane) writeKubeconfig(path string, login *clientcmdapi.AuthInfo) error {
	config := clientcmdapi.NewConfig()
	config.Clusters["host"] = &clientcmdapi.Cluster{Server: c.url, CertificateAuthorityData: c.ca.PEM}
	config.AuthInfos["user"] = login
	config.Contexts["test"] = &clientcmdapi.Context{Cluster: "host", AuthInfo: "user"}
	config.CurrentContext = "test"
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		return fmt.Errorf("write kubeconfig: %w", err)
	}
	return nil
}
