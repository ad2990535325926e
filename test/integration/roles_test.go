// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// throughHost returns the login of a user of the host cluster.
func throughHost(t *testing.T, user string) *rest.Config {
	t.Helper()
	login := must(cluster.ca.Client(user))(t)
	return &rest.Config{Host: cluster.url, QPS: -1, TLSClientConfig: rest.TLSClientConfig{CAData: cluster.ca.PEM, CertData: login.Cert, KeyData: login.Key}}
}

// bind gives a user one of the roles that users get, in a namespace, and waits until the host knows it.
func bind(t *testing.T, namespace, user, role string) {
	t.Helper()
	must(cluster.core.RbacV1().RoleBindings(namespace).Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: user},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: user}},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
	}, metav1.CreateOptions{}))(t)
	// Each of the roles has one of these.
	eventually(t, "role of "+user, func(ctx context.Context) error {
		for _, right := range []string{"get virtualmachines", "create virtualmachineinstancemigrations"} {
			verb, resource, _ := strings.Cut(right, " ")
			review, err := cluster.core.AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorizationv1.SubjectAccessReview{
				Spec: authorizationv1.SubjectAccessReviewSpec{User: user, ResourceAttributes: &authorizationv1.ResourceAttributes{
					Namespace: namespace, Verb: verb, Group: "kubevirt.io", Resource: resource,
				}},
			}, metav1.CreateOptions{})
			if err != nil || review.Status.Allowed {
				return err
			}
		}
		return errors.New("not allowed yet")
	})
}

// rightsOnVerbs tells which roles may use a subresource; those that are missing are for nobody but administrators.
var rightsOnVerbs = map[string]string{
	"PUT virtualmachines/start":            "edit admin",
	"PUT virtualmachines/stop":             "edit admin",
	"PUT virtualmachines/restart":          "edit admin",
	"PUT virtualmachines/migrate":          "migrate",
	"PUT virtualmachines/memorydump":       "edit admin",
	"PUT virtualmachines/removememorydump": "edit admin",
	"PUT virtualmachines/addvolume":        "edit admin",
	"PUT virtualmachines/removevolume":     "edit admin",
	"GET virtualmachines/expand-spec":      "view edit admin",
	"GET virtualmachines/objectgraph":      "view edit admin",
	"GET virtualmachines/log":              "edit admin",
	"GET virtualmachines/portforward/22":   "edit admin",
	"PUT virtualmachines/evacuate/cancel":  "edit admin",

	"GET virtualmachineinstances/console":                    "edit admin",
	"GET virtualmachineinstances/log":                        "edit admin",
	"GET virtualmachineinstances/vnc":                        "edit admin",
	"GET virtualmachineinstances/vnc/screenshot":             "edit admin",
	"GET virtualmachineinstances/usbredir":                   "edit admin",
	"GET virtualmachineinstances/vsock?port=22":              "",
	"GET virtualmachineinstances/portforward/53/udp":         "edit admin",
	"PUT virtualmachineinstances/pause":                      "edit admin",
	"PUT virtualmachineinstances/unpause":                    "edit admin",
	"PUT virtualmachineinstances/freeze":                     "edit admin",
	"PUT virtualmachineinstances/unfreeze":                   "edit admin",
	"PUT virtualmachineinstances/reset":                      "edit admin",
	"PUT virtualmachineinstances/softreboot":                 "edit admin",
	"GET virtualmachineinstances/guestosinfo":                "view edit admin",
	"GET virtualmachineinstances/userlist":                   "view edit admin",
	"GET virtualmachineinstances/filesystemlist":             "view edit admin",
	"PUT virtualmachineinstances/addvolume":                  "edit admin",
	"PUT virtualmachineinstances/removevolume":               "edit admin",
	"GET virtualmachineinstances/objectgraph":                "view edit admin",
	"PUT virtualmachineinstances/evacuate/cancel":            "edit admin",
	"PUT virtualmachineinstances/backup":                     "",
	"PUT virtualmachineinstances/redefine-checkpoint":        "",
	"GET virtualmachineinstances/sev/fetchcertchain":         "view edit admin",
	"GET virtualmachineinstances/sev/querylaunchmeasurement": "view edit admin",
	"PUT virtualmachineinstances/sev/setupsession":           "edit admin",
	"PUT virtualmachineinstances/sev/injectlaunchsecret":     "edit admin",
}

// TestRolesOfUsers asks through kube-apiserver, as users do: both servers must agree.
func TestRolesOfUsers(t *testing.T) {
	ns := newNamespace(t)
	create(t, ns, newVM("demo"))
	createVMI(t, ns, newVMI("demo"))
	vm := manifest("other", diskSpec)
	roles := []string{"view", "edit", "admin", "migrate"}
	for _, role := range append(roles, "nobody") {
		user := ns + "-" + role
		if role != "nobody" {
			bind(t, ns, user, "kubevirt.io:"+role)
		}
		login := throughHost(t, user)
		may := func(request, path, body, allowed string) {
			t.Helper()
			method, _, _ := strings.Cut(request, " ")
			a := call(t, login, method, path, body, nil)
			if got, want := a.code != http.StatusForbidden, slices.Contains(strings.Fields(allowed), role); got != want || a.code == http.StatusUnauthorized {
				t.Errorf("%s: %s %s: %d %s, want allowed: %t", role, method, path, a.code, a.body, want)
			}
		}
		for request, allowed := range rightsOnVerbs {
			method, path, _ := strings.Cut(request, " ")
			resource, rest, _ := strings.Cut(path, "/")
			if method == http.MethodPut {
				rest += "?dryRun=All"
			}
			for _, group := range groups {
				may(request, pathOf(group, ns, resource, "demo")+"/"+rest, "", allowed)
			}
		}
		for _, group := range groups {
			may("PUT expand-vm-spec", "/apis/"+group+"/v1/namespaces/"+ns+"/expand-vm-spec", vm, "view edit admin")
		}
		for _, resource := range []string{"virtualmachines", "virtualmachineinstances"} {
			collection, object := pathOf("kubevirt.io", ns, resource, ""), pathOf("kubevirt.io", ns, resource, "demo")
			may("GET", collection, "", "view edit admin")
			may("GET", object, "", "view edit admin")
			may("POST", collection+"?dryRun=All", "{}", "edit admin")
			may("DELETE", object+"?dryRun=All", "", "edit admin")
			may("DELETE", collection+"?dryRun=All", "", "admin")
			may("PUT", object+"/status?dryRun=All", "{}", "")
		}
		// Everybody may ask what there is and how it is set up.
		may("GET", "/apis/subresources.kubevirt.io/v1/version", "", "view edit admin migrate nobody")
		may("GET", "/apis/subresources.kubevirt.io/v1/guestfs", "", "view edit admin migrate nobody")
		may("GET", "/apis/kubevirt.io/v1/kubevirts", "", "view edit admin migrate nobody")
		may("GET", "/apis/subresources.kubevirt.io/v1/healthz", "", "")
		may("POST", pathOf("kubevirt.io", ns, "kubevirts", "")+"?dryRun=All", "{}", "")
	}
	for name := range servedVerbs {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(rightsOnVerbs)), func(request string) bool {
			_, path, _ := strings.Cut(request, " ")
			return path == name || strings.HasPrefix(path, name+"/") || strings.HasPrefix(path, name+"?")
		}) {
			t.Errorf("no role is tested for %s", name)
		}
	}
}
