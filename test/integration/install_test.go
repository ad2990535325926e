// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	aggregator "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset"
)

const (
	// systemNamespace is where virtplane is installed.
	systemNamespace = "virtplane-system"
	// routeTimeout bounds how long kube-apiserver takes to find an aggregated server.
	routeTimeout = 60 * time.Second
)

// install applies what virt-apiserver needs from the manifests that users apply, and makes the
// kubeconfig of its service account: its rights are tested with it.
func (h *host) install(ctx context.Context) error {
	if err := h.writeKubeconfig("admin.kubeconfig", &clientcmdapi.AuthInfo{
		ClientCertificateData: h.admin.CertData, ClientKeyData: h.admin.KeyData,
	}); err != nil {
		return err
	}
	args := []string{"apply", "--validate=false"}
	for _, name := range []string{"namespace", "clusterroles", "apiserver-rbac", "nodeplugin-rbac", "apiservices"} {
		args = append(args, "-f", filepath.Join("..", "..", "artifacts", "deploy", name+".yaml"))
	}
	if out, err := h.kubectl(args...); err != nil {
		return fmt.Errorf("install virtplane: %w: %s", err, out)
	}
	token, err := h.core.CoreV1().ServiceAccounts(systemNamespace).CreateToken(ctx, "virt-apiserver",
		&authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("make token: %w", err)
	}
	return h.writeKubeconfig("virt-apiserver.kubeconfig", &clientcmdapi.AuthInfo{Token: token.Status.Token})
}

func (h *host) writeKubeconfig(name string, login *clientcmdapi.AuthInfo) error {
	config := clientcmdapi.NewConfig()
	config.Clusters["host"] = &clientcmdapi.Cluster{Server: h.url, CertificateAuthorityData: h.ca.PEM}
	config.AuthInfos["user"] = login
	config.Contexts["test"] = &clientcmdapi.Context{Cluster: "host", AuthInfo: "user"}
	config.CurrentContext = "test"
	return clientcmd.WriteToFile(*config, h.file(name))
}

// kubectl runs the real kubectl as an administrator and returns all it prints.
func (h *host) kubectl(args ...string) (string, error) {
	return h.kubectlWithInput("", args...)
}

func (h *host) kubectlWithInput(input string, args ...string) (string, error) {
	cmd := exec.Command(filepath.Join(filepath.Dir(h.server.Path), "kubectl"), args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+h.file("admin.kubeconfig"), "KUBECACHEDIR="+h.file("kubectl-cache"))
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// route lets kube-apiserver forward the API groups to a server on the loopback address, and waits
// until it does.
func (h *host) route(ctx context.Context, s *server) error {
	// Endpoints may not be loopback addresses; an external name may resolve to one.
	_, err := h.core.CoreV1().Services(systemNamespace).Create(ctx, &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "virt-apiserver"},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "localhost"},
	}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("create service: %w", err)
	}
	services, err := aggregator.NewForConfig(h.admin)
	if err != nil {
		return fmt.Errorf("make client of APIServices: %w", err)
	}
	patch := fmt.Appendf(nil, `{"spec":{"service":{"port":%d}}}`, s.listener.Addr().(*net.TCPAddr).Port)
	for _, name := range []string{"v1.kubevirt.io", "v1.subresources.kubevirt.io"} {
		if _, err := services.ApiregistrationV1().APIServices().Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
			return fmt.Errorf("patch apiservice %s: %w", name, err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, routeTimeout)
	defer cancel()
	for {
		var err error
		for _, group := range []string{"kubevirt.io", "subresources.kubevirt.io"} {
			if e := h.core.CoreV1().RESTClient().Get().AbsPath("/apis/" + group + "/v1").Do(ctx).Error(); e != nil {
				err = e
			}
		}
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for aggregation: %w", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
