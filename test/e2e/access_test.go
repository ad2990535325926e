// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/virtplane/virtplane/test/e2e/suite"
)

// testRight opens the console of the running guest demo as somebody who may do nothing, and then just that.
func testRight(n *suite.Namespace) {
	viewer := asServiceAccount(n, "viewer")
	viewer.VirtctlRefused("forbidden", "console", "demo")

	_, err := n.Kube.RbacV1().Roles(n.ID).Create(suite.Context(n, suite.Quick), &rbacv1.Role{
		ObjectMeta: metav1.ObjectMeta{Name: "console"},
		Rules: []rbacv1.PolicyRule{{
			APIGroups: []string{"subresources.kubevirt.io"}, Resources: []string{"virtualmachineinstances/console"}, Verbs: []string{"get"},
		}},
	}, metav1.CreateOptions{})
	suite.Need(n, err, "create role")
	_, err = n.Kube.RbacV1().RoleBindings(n.ID).Create(suite.Context(n, suite.Quick), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "console"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "console"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: "viewer", Namespace: n.ID}},
	}, metav1.CreateOptions{})
	suite.Need(n, err, "create role binding")

	var c *suite.Console
	// A server may remember a refusal for some seconds.
	for began := time.Now(); c == nil || !c.Opens(suite.Quick) && time.Since(began) < suite.Quick; {
		c = viewer.Console("demo")
	}
	c.Login()
	if got := c.Run("echo allowed"); got != "allowed\n" {
		n.Errorf("in the guest: echo prints %q", got)
	}
	c.Leave()
	viewer.VirtctlRefused("forbidden", "pause", "vmi", "demo")
	viewer.VirtctlRefused("forbidden", "stop", "demo")
	if o := viewer.Try("", "kubectl", "get", "vmi", "demo"); o.Code == 0 {
		n.Errorf("the viewer may read the instance: %s", o.Stdout)
	}
}

// asServiceAccount returns the namespace as seen by a new service account without any right.
func asServiceAccount(n *suite.Namespace, name string) *suite.Namespace {
	n.Helper()
	_, err := n.Kube.CoreV1().ServiceAccounts(n.ID).Create(suite.Context(n, suite.Quick),
		&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	suite.Need(n, err, "create service account")
	token := n.Kubectl("create", "token", name)

	config, err := clientcmd.LoadFromFile(n.Kubeconfig)
	suite.Need(n, err, "load kubeconfig")
	for _, user := range config.AuthInfos {
		user.ClientCertificate, user.ClientKey, user.ClientCertificateData, user.ClientKeyData = "", "", nil, nil
		user.Token = token
	}
	path := filepath.Join(n.TempDir(), "kubeconfig")
	suite.Need(n, clientcmd.WriteToFile(*config, path), "write kubeconfig")
	suite.Need(n, os.Chmod(path, 0o600), "protect kubeconfig")
	other := *n.Suite
	other.Kubeconfig = path
	as := *n
	as.Suite = &other
	return &as
}
