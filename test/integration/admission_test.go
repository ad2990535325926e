// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	admissionreviewv1 "k8s.io/api/admission/v1"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// hook is a webhook of an administrator: it labels what is created and lets nobody use another image registry.
type hook struct {
	*httptest.Server
	// mu guards calls.
	mu    sync.Mutex
	calls []string
}

func startHook(t *testing.T) *hook {
	t.Helper()
	h := &hook{}
	h.Server = httptest.NewTLSServer(h)
	t.Cleanup(h.Close)
	return h
}

func (h *hook) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	review := &admissionreviewv1.AdmissionReview{}
	if err := json.NewDecoder(req.Body).Decode(review); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r := review.Request
	h.mu.Lock()
	h.calls = append(h.calls, strings.Join([]string{req.URL.Path[1:], string(r.Operation), r.Resource.Resource, r.SubResource, r.UserInfo.Username}, " "))
	h.mu.Unlock()
	answer := &admissionreviewv1.AdmissionResponse{UID: r.UID, Allowed: true, Warnings: []string{"seen by a webhook"}}
	vm := &v1.VirtualMachine{}
	if r.Operation == admissionreviewv1.Create || r.Operation == admissionreviewv1.Update {
		if err := json.Unmarshal(r.Object.Raw, vm); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	switch {
	case req.URL.Path == "/mutate" && r.Operation == admissionreviewv1.Create:
		answer.PatchType = ptr(admissionreviewv1.PatchTypeJSONPatch)
		answer.Patch = []byte(`[{"op":"add","path":"/metadata/labels","value":{"team":"one"}},{"op":"add","path":"/spec/template/spec/hostname","value":"hooked"}]`)
	case req.URL.Path == "/validate" && vm.Spec.Template != nil && !strings.HasPrefix(vm.Spec.Template.Spec.Volumes[0].ContainerDisk.Image, "example.com/"),
		r.Operation == admissionreviewv1.Connect && r.Name == "locked":
		answer.Allowed, answer.Result = false, &metav1.Status{Message: "ask team one", Code: http.StatusForbidden}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(&admissionreviewv1.AdmissionReview{TypeMeta: review.TypeMeta, Response: answer})
}

// register has the webhook called for virtual machines of a namespace, until the test ends.
func (h *hook) register(t *testing.T, namespace string, policy admissionv1.FailurePolicyType) {
	t.Helper()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: h.Certificate().Raw})
	client := func(path string) admissionv1.WebhookClientConfig {
		return admissionv1.WebhookClientConfig{URL: ptr(h.URL + path), CABundle: ca}
	}
	selector := &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": namespace}}
	rules := []admissionv1.RuleWithOperations{{
		Operations: []admissionv1.OperationType{admissionv1.OperationAll},
		Rule:       admissionv1.Rule{APIGroups: []string{"kubevirt.io"}, APIVersions: []string{"v1"}, Resources: []string{"virtualmachines", "virtualmachines/start"}},
	}}
	api := cluster.core.AdmissionregistrationV1()
	mutating := must(api.MutatingWebhookConfigurations().Create(t.Context(), &admissionv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"},
		Webhooks: []admissionv1.MutatingWebhook{{
			Name: "mutate.example.com", ClientConfig: client("/mutate"), Rules: rules, NamespaceSelector: selector, FailurePolicy: &policy,
			SideEffects: ptr(admissionv1.SideEffectClassNone), AdmissionReviewVersions: []string{"v1"}, TimeoutSeconds: ptr(int32(2)),
		}},
	}, metav1.CreateOptions{}))(t)
	validating := must(api.ValidatingWebhookConfigurations().Create(t.Context(), &admissionv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"},
		Webhooks: []admissionv1.ValidatingWebhook{{
			Name: "validate.example.com", ClientConfig: client("/validate"), Rules: rules, NamespaceSelector: selector, FailurePolicy: &policy,
			SideEffects: ptr(admissionv1.SideEffectClassNone), AdmissionReviewVersions: []string{"v1"}, TimeoutSeconds: ptr(int32(2)),
		}},
	}, metav1.CreateOptions{}))(t)
	t.Cleanup(func() {
		ctx := context.Background()
		if err := errors.Join(api.MutatingWebhookConfigurations().Delete(ctx, mutating.Name, metav1.DeleteOptions{}),
			api.ValidatingWebhookConfigurations().Delete(ctx, validating.Name, metav1.DeleteOptions{})); err != nil {
			t.Error(err)
		}
	})
}

func TestWebhooksOfTheHostDecideAboutVirtualMachines(t *testing.T) {
	ns := newNamespace(t)
	h := startHook(t)
	h.register(t, ns, admissionv1.Fail)
	all := []string{metav1.DryRunAll}
	eventually(t, "call of the webhook", func(ctx context.Context) error {
		vm, err := machines(ns).Create(ctx, newVM("try"), metav1.CreateOptions{DryRun: all})
		if err == nil && vm.Labels["team"] == "" {
			err = errors.New("not called yet")
		}
		return err
	})
	vm := create(t, ns, newVM("demo"))
	if vm.Labels["team"] != "one" || vm.Spec.Template.Spec.Hostname != "hooked" {
		t.Errorf("the webhook's changes are not in %+v", vm)
	}
	create(t, ns, newVM("locked"))
	vm.Spec.Template.Spec.Volumes[0].ContainerDisk.Image = "example.org/guest:1"
	_, err := machines(ns).Update(t.Context(), vm, metav1.UpdateOptions{})
	expectStatus(t, "update that the webhook denies", err, 403, `admission webhook "validate.example.com" denied the request: ask team one`)
	a := put(t, "kubevirt.io", ns, "virtualmachines", "locked", "start", "")
	if a.code != http.StatusForbidden || !strings.Contains(a.body, "ask team one") {
		t.Errorf("start that the webhook denies: %d %s", a.code, a.body)
	}
	expectDone(t, "start that the webhook allows", put(t, "kubevirt.io", ns, "virtualmachines", "demo", "start", ""), 202)
	if err := machines(ns).Delete(t.Context(), "demo", metav1.DeleteOptions{}); err != nil {
		t.Errorf("delete that the webhook allows: %v", err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, want := range []string{"mutate CREATE virtualmachines  admin", "validate UPDATE virtualmachines  admin", "validate CONNECT virtualmachines start admin", "validate DELETE virtualmachines  admin"} {
		if !slices.Contains(h.calls, want) {
			t.Errorf("the webhook was not called with %q but %q", want, h.calls)
		}
	}
}

func TestAWebhookThatIsAwayStopsWritesOnlyWhereItMust(t *testing.T) {
	strict, lax := newNamespace(t), newNamespace(t)
	h := startHook(t)
	h.register(t, strict, admissionv1.Fail)
	h.register(t, lax, admissionv1.Ignore)
	h.Close()
	var refusal error
	eventually(t, "refusal", func(ctx context.Context) error {
		if _, refusal = machines(strict).Create(ctx, newVM("demo"), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}); refusal == nil {
			return errors.New("not refused")
		}
		return nil
	})
	expectStatus(t, "create under a webhook that is away", refusal, 500, "")
	if !strings.Contains(refusal.Error(), `failed calling webhook "mutate.example.com"`) {
		t.Errorf("the refusal does not name the webhook: %v", refusal)
	}
	create(t, lax, newVM("demo"))
}

// TestAMissingRightStopsWritesAndSaysSo holds that a host cluster with older roles gets reads, and
// refusals of writes that say what to do, not a server that never becomes ready.
func TestAMissingRightStopsWritesAndSaysSo(t *testing.T) {
	const account = "weak-apiserver"
	must(cluster.core.CoreV1().ServiceAccounts(systemNamespace).Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: account}}, metav1.CreateOptions{}))(t)
	subjects := []rbacv1.Subject{{Kind: "ServiceAccount", Name: account, Namespace: systemNamespace}}
	// The roles of virt-apiserver, but for validating policies.
	role := must(cluster.core.RbacV1().ClusterRoles().Get(t.Context(), "virtplane:apiserver", metav1.GetOptions{}))(t)
	weak := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: account}, Rules: role.DeepCopy().Rules}
	for i, rule := range weak.Rules {
		weak.Rules[i].Resources = slices.DeleteFunc(rule.Resources, func(r string) bool { return r == "validatingadmissionpolicies" })
	}
	must(cluster.core.RbacV1().ClusterRoles().Create(t.Context(), weak, metav1.CreateOptions{}))(t)
	for _, name := range []string{account, "system:auth-delegator"} {
		must(cluster.core.RbacV1().ClusterRoleBindings().Create(t.Context(), &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{GenerateName: account + "-"}, Subjects: subjects, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name},
		}, metav1.CreateOptions{}))(t)
	}
	for namespace, name := range map[string]string{systemNamespace: "virtplane:apiserver", "kube-system": "extension-apiserver-authentication-reader"} {
		must(cluster.core.RbacV1().RoleBindings(namespace).Create(t.Context(), &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{GenerateName: account + "-"}, Subjects: subjects, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
		}, metav1.CreateOptions{}))(t)
	}
	token := must(cluster.core.CoreV1().ServiceAccounts(systemNamespace).CreateToken(t.Context(), account, &authenticationv1.TokenRequest{}, metav1.CreateOptions{}))(t)
	if err := cluster.writeKubeconfig(account+".kubeconfig", &clientcmdapi.AuthInfo{Token: token.Status.Token}); err != nil {
		t.Fatal(err)
	}
	kubeconfig := cluster.file(account + ".kubeconfig")
	s := startOwnServer(t, "weak", "--kubeconfig="+kubeconfig, "--authentication-kubeconfig="+kubeconfig, "--authorization-kubeconfig="+kubeconfig)

	ns := newNamespace(t)
	must(s.api.VirtualMachines(ns).List(t.Context(), metav1.ListOptions{}))(t)
	_, err := s.api.VirtualMachines(ns).Create(t.Context(), newVM("demo"), metav1.CreateOptions{})
	expectStatus(t, "create without the rules", err, 503, "writes are refused: virt-apiserver may not list and watch validatingadmissionpolicies.admissionregistration.k8s.io "+
		"in the host cluster, which decide about them; apply artifacts/deploy/apiserver-rbac.yaml of this version")
	eventually(t, "event", func(ctx context.Context) error {
		events, err := cluster.core.CoreV1().Events(systemNamespace).List(ctx, metav1.ListOptions{FieldSelector: "reason=MissingRights"})
		if err == nil && len(events.Items) == 0 {
			err = errors.New("no event")
		}
		return err
	})
	// The right takes effect without a restart.
	must(cluster.core.RbacV1().ClusterRoles().Patch(t.Context(), account, types.MergePatchType, []byte(`{"rules":`+encode(t, role.Rules)+`}`), metav1.PatchOptions{}))(t)
	eventuallyWithin(t, 2*patience, "create with the right", func(ctx context.Context) error {
		_, err := s.api.VirtualMachines(ns).Create(ctx, newVM("demo"), metav1.CreateOptions{})
		if err != nil {
			return fmt.Errorf("create: %w", err)
		}
		return nil
	})
}
