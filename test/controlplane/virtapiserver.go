// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/client-go/util/retry"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	aggregator "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset"

	"github.com/virtplane/virtplane/test/kubeapiserver"
)

// systemNamespace is where virtplane is installed.
const systemNamespace = "virtplane-system"

// serviceLabel is what the APIServices of virtplane have in common.
const serviceLabel = "app.kubernetes.io/part-of=virtplane"

// install applies what virt-apiserver needs of the manifests that users apply, and makes the login of
// its service account.
func (c *ControlPlane) install(ctx context.Context) error {
	args := []string{"apply", "--validate=false"}
	for _, name := range []string{"namespace", "apiserver-rbac", "clusterroles", "apiservices"} {
		path := filepath.Join(c.options.Manifests, name+".yaml")
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			continue
		}
		args = append(args, "-f", path)
	}
	if out, err := c.Kubectl(ctx, args...); err != nil {
		return fmt.Errorf("install virtplane: %w: %s", err, out)
	}
	token, err := c.Core.CoreV1().ServiceAccounts(systemNamespace).CreateToken(ctx, "virt-apiserver", &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("make token of virt-apiserver: %w", err)
	}
	return c.writeKubeconfig(c.file("virt-apiserver.kubeconfig"), &clientcmdapi.AuthInfo{Token: token.Status.Token})
}

// Kubectl runs the kubectl beside kube-apiserver as an administrator and returns all that it prints.
func (c *ControlPlane) Kubectl(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(filepath.Dir(c.options.KubeAPIServer), "kubectl"), args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+c.Kubeconfig, "KUBECACHEDIR="+c.file("kubectl-cache"))
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (c *ControlPlane) startVirtAPIServer(context.Context) error {
	port, err := kubeapiserver.FreePort()
	if err != nil {
		return err
	}
	kubeconfig := c.file("virt-apiserver.kubeconfig")
	cmd := exec.Command(c.options.VirtAPIServer,
		"--kubeconfig="+kubeconfig, "--authentication-kubeconfig="+kubeconfig, "--authorization-kubeconfig="+kubeconfig,
		"--data-dir="+c.file("virt"), "--namespace="+systemNamespace,
		"--bind-address=127.0.0.1", "--secure-port="+port)
	if c.VirtAPIServer, err = start("virt-apiserver", c.file("virt-apiserver.log"), cmd); err != nil {
		return err
	}
	c.VirtAPIServer.Port, err = strconv.Atoi(port)
	return err
}

// route lets kube-apiserver forward the API groups and waits until it does.
func (c *ControlPlane) route(ctx context.Context) error {
	// Endpoints may not be loopback addresses; an external name may resolve to one.
	_, err := c.Core.CoreV1().Services(systemNamespace).Create(ctx, &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "virt-apiserver"},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "localhost"},
	}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("create service: %w", err)
	}
	client, err := aggregator.NewForConfig(c.Admin)
	if err != nil {
		return fmt.Errorf("make client of APIServices: %w", err)
	}
	services, err := client.ApiregistrationV1().APIServices().List(ctx, metav1.ListOptions{LabelSelector: serviceLabel})
	if err != nil {
		return fmt.Errorf("list APIServices: %w", err)
	}
	if len(services.Items) == 0 {
		return fmt.Errorf("list APIServices: none has the label %s", serviceLabel)
	}
	patch := fmt.Appendf(nil, `{"spec":{"service":{"port":%d}}}`, c.VirtAPIServer.Port)
	for _, s := range services.Items {
		if err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
			_, err := client.ApiregistrationV1().APIServices().Patch(ctx, s.Name, types.MergePatchType, patch, metav1.PatchOptions{})
			return err
		}); err != nil {
			return fmt.Errorf("patch APIService %s: %w", s.Name, err)
		}
	}
	return await(ctx, c.VirtAPIServer, func(ctx context.Context) error {
		if err := c.answered(ctx, services.Items); err != nil {
			return err
		}
		return c.ready(ctx)
	})
}

// ready returns an error unless virt-apiserver says that it is ready: until then it answers discovery
// and puts off what changes objects.
func (c *ControlPlane) ready(ctx context.Context) error {
	bundle, err := c.Core.CoreV1().ConfigMaps(systemNamespace).Get(ctx, "virtplane-ca-bundle", metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("get CA of virt-apiserver: %w", err)
	}
	client, err := kubernetes.NewForConfig(&rest.Config{
		Host:            "https://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(c.VirtAPIServer.Port)),
		TLSClientConfig: rest.TLSClientConfig{CAData: []byte(bundle.Data["ca.crt"])},
	})
	if err != nil {
		return fmt.Errorf("make client of virt-apiserver: %w", err)
	}
	return client.CoreV1().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
}

// answered returns an error unless all groups are answered.
func (c *ControlPlane) answered(ctx context.Context, services []apiregistrationv1.APIService) error {
	for _, s := range services {
		if err := c.Core.CoreV1().RESTClient().Get().AbsPath("/apis/" + s.Spec.Group + "/" + s.Spec.Version).Do(ctx).Error(); err != nil {
			return err
		}
	}
	return nil
}
