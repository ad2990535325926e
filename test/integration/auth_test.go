// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/virtplane/virtplane/test/kubeapiserver"
)

// loginWith returns a login to virt-apiserver with a certificate of any CA.
func loginWith(t *testing.T, ca *kubeapiserver.Issuer, name string, groups ...string) *rest.Config {
	t.Helper()
	login := must(ca.Client(name, groups...))(t)
	return &rest.Config{Host: cluster.server.url(), QPS: -1, TLSClientConfig: rest.TLSClientConfig{CAData: cluster.server.ca, CertData: login.Cert, KeyData: login.Key}}
}

// forwarded returns the headers by which kube-apiserver tells who a request comes from.
func forwarded(user string, groups ...string) map[string]string {
	return map[string]string{"X-Remote-User": user, "X-Remote-Group": strings.Join(groups, ",")}
}

func TestStrangersAreUnauthorized(t *testing.T) {
	stranger := rest.AnonymousClientConfig(cluster.direct)
	other := must(kubeapiserver.NewIssuer("other-ca"))(t)
	bearer := rest.AnonymousClientConfig(cluster.direct)
	bearer.BearerToken = "not-a-token"
	for _, path := range []string{"/", "/apis", "/openapi/v3", "/version", "/apis/kubevirt.io/v1/virtualmachines", "/apis/subresources.kubevirt.io/v1/version"} {
		for who, a := range map[string]answer{
			"nobody":                            call(t, stranger, http.MethodGet, path, "", nil),
			"nobody who claims to be forwarded": call(t, stranger, http.MethodGet, path, "", forwarded("admin", "system:masters")),
			"a certificate of another CA":       call(t, loginWith(t, other, "admin", "system:masters"), http.MethodGet, path, "", nil),
			"a bad token":                       call(t, bearer, http.MethodGet, path, "", nil),
			"a front proxy that is not allowed": call(t, loginWith(t, cluster.frontProxy, "other-proxy"), http.MethodGet, path, "", forwarded("admin", "system:masters")),
			"a front proxy that names no user":  call(t, loginWith(t, cluster.frontProxy, kubeapiserver.FrontProxyName), http.MethodGet, path, "", nil),
			"a front proxy of another CA":       call(t, loginWith(t, other, kubeapiserver.FrontProxyName), http.MethodGet, path, "", forwarded("admin", "system:masters")),
		} {
			if a.code != http.StatusUnauthorized {
				t.Errorf("%s gets %d from %s: %.80s", who, a.code, path, a.body)
			}
		}
	}
}

func TestTheFrontProxySpeaksForOthers(t *testing.T) {
	proxy := loginWith(t, cluster.frontProxy, kubeapiserver.FrontProxyName)
	const path = "/apis/kubevirt.io/v1/virtualmachines"
	if a := call(t, proxy, http.MethodGet, path, "", forwarded("admin", "system:masters")); a.code != http.StatusOK {
		t.Errorf("a forwarded administrator: %d %s", a.code, a.body)
	}
	expectRefusal(t, "a forwarded user without rights", call(t, proxy, http.MethodGet, path, "", forwarded("bob", "system:authenticated")), 403,
		`virtualmachines.kubevirt.io is forbidden: User "bob" cannot list resource "virtualmachines" in API group "kubevirt.io" at the cluster scope`)
	// Only certificates of the front proxy's CA make the headers count.
	user := must(cluster.server.login(kubeapiserver.FrontProxyName))(t)
	expectRefusal(t, "a user with the front proxy's name", call(t, user, http.MethodGet, path, "", forwarded("admin", "system:masters")), 403,
		`virtualmachines.kubevirt.io is forbidden: User "front-proxy-client" cannot list resource "virtualmachines" in API group "kubevirt.io" at the cluster scope`)
	// Anonymous users that kube-apiserver let pass are forwarded as what they are.
	expectRefusal(t, "a forwarded anonymous user", call(t, proxy, http.MethodGet, path, "", forwarded("system:anonymous", "system:unauthenticated")), 403,
		`virtualmachines.kubevirt.io is forbidden: User "system:anonymous" cannot list resource "virtualmachines" in API group "kubevirt.io" at the cluster scope`)
}

// grant lets a user do one thing in a namespace and waits until the host cluster knows it: what
// virt-apiserver hears of it is cached.
func grant(t *testing.T, namespace, user, group, resource, verb string) {
	t.Helper()
	role := must(cluster.core.RbacV1().Roles(namespace).Create(t.Context(), &rbacv1.Role{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "grant-"},
		Rules:      []rbacv1.PolicyRule{{APIGroups: []string{group}, Resources: []string{resource}, Verbs: []string{verb}}},
	}, metav1.CreateOptions{}))(t)
	must(cluster.core.RbacV1().RoleBindings(namespace).Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: role.Name},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: user}},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: role.Name},
	}, metav1.CreateOptions{}))(t)
	resource, subresource, _ := strings.Cut(resource, "/")
	eventually(t, "grant", func(ctx context.Context) error {
		review, err := cluster.core.AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorizationv1.SubjectAccessReview{
			Spec: authorizationv1.SubjectAccessReviewSpec{User: user, ResourceAttributes: &authorizationv1.ResourceAttributes{
				Namespace: namespace, Verb: verb, Group: group, Resource: resource, Subresource: subresource,
			}},
		}, metav1.CreateOptions{})
		if err == nil && !review.Status.Allowed {
			err = errors.New("not allowed yet")
		}
		return err
	})
}

func TestARightOnAVerbIsOnThatVerbAlone(t *testing.T) {
	ns := newNamespace(t)
	create(t, ns, newVM("demo"))
	grant(t, ns, "starter", "subresources.kubevirt.io", "virtualmachines/start", "update")
	starter := must(cluster.server.login("starter"))(t)
	for _, c := range []struct {
		group, verb string
		want        int
	}{{"subresources.kubevirt.io", "stop", 403}, {"kubevirt.io", "start", 403}, {"subresources.kubevirt.io", "start", 202}} {
		if a := call(t, starter, http.MethodPut, pathOf(c.group, ns, "virtualmachines", "demo")+"/"+c.verb, "", nil); a.code != c.want {
			t.Errorf("%s of %s: %d %s, want %d", c.verb, c.group, a.code, a.body, c.want)
		}
	}
	// A right on the object does not reach its verbs or its status.
	grant(t, ns, "editor", "kubevirt.io", "virtualmachines", "update")
	editor := must(cluster.server.login("editor"))(t)
	for _, sub := range []string{"start", "status"} {
		if a := call(t, editor, http.MethodPut, pathOf("kubevirt.io", ns, "virtualmachines", "demo")+"/"+sub, encode(t, getVM(t, ns, "demo")), nil); a.code != 403 {
			t.Errorf("%s by who may update the object: %d %s", sub, a.code, a.body)
		}
	}
}

// TestTheServerKeepsItsRegistrations holds that nobody has to copy a CA into an APIService.
func TestTheServerKeepsItsRegistrations(t *testing.T) {
	bundle := must(cluster.core.CoreV1().ConfigMaps(systemNamespace).Get(t.Context(), "virtplane-ca-bundle", metav1.GetOptions{}))(t)
	if !strings.HasPrefix(bundle.Data["ca.crt"], "-----BEGIN CERTIFICATE-----") {
		t.Errorf("bundle %q", bundle.Data)
	}
	secret := must(cluster.core.CoreV1().Secrets(systemNamespace).Get(t.Context(), "virtplane-ca", metav1.GetOptions{}))(t)
	if secret.Type != corev1.SecretTypeTLS || len(secret.Data["tls.key"]) == 0 {
		t.Errorf("CA secret of type %s with %d keys", secret.Type, len(secret.Data))
	}
}
