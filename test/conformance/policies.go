// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"context"
	"errors"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

const policyLabel = "conformance.virtplane.io/policy"

// policed makes a namespace to which the policy of one test applies.
func (s *suite) policed(t *testing.T) (namespace string, match *admissionv1.MatchResources) {
	t.Helper()
	namespace = s.namespace(t, func(ns *corev1.Namespace) { ns.Labels = map[string]string{policyLabel: "pending"} })
	if _, err := s.core.CoreV1().Namespaces().Patch(t.Context(), namespace, "application/merge-patch+json",
		[]byte(`{"metadata":{"labels":{"`+policyLabel+`":"`+namespace+`"}}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	return namespace, &admissionv1.MatchResources{
		NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{policyLabel: namespace}},
		ResourceRules: []admissionv1.NamedRuleWithOperations{{RuleWithOperations: admissionv1.RuleWithOperations{
			Operations: []admissionv1.OperationType{admissionv1.Create, admissionv1.Update},
			Rule:       admissionv1.Rule{APIGroups: []string{"kubevirt.io"}, APIVersions: []string{"v1"}, Resources: []string{"virtualmachines"}},
		}}},
	}
}

// validatingPolicy holds that the rules of a cluster's administrators apply to virtual machines.
func validatingPolicy(t *testing.T, s *suite) {
	ns, match := s.policed(t)
	api := s.core.AdmissionregistrationV1()
	policy := must(api.ValidatingAdmissionPolicies().Create(t.Context(), &admissionv1.ValidatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "conformance-"},
		Spec: admissionv1.ValidatingAdmissionPolicySpec{
			FailurePolicy: ptr(admissionv1.Fail), MatchConstraints: match,
			Validations: []admissionv1.Validation{{
				Expression:        `quantity(object.spec.template.spec.domain.memory.guest).compareTo(quantity("1Gi")) <= 0`,
				MessageExpression: `"guests of " + object.metadata.name + " may have 1Gi, not " + object.spec.template.spec.domain.memory.guest`,
			}, {
				Expression: `object.spec.template.spec.volumes.all(v, !has(v.containerDisk) || v.containerDisk.image.startsWith("example.com/"))`,
				Message:    "images come from example.com",
			}},
		},
	}, metav1.CreateOptions{}))(t)
	t.Cleanup(func() {
		if err := api.ValidatingAdmissionPolicies().Delete(contextOfCleanup(t), policy.Name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	binding := must(api.ValidatingAdmissionPolicyBindings().Create(t.Context(), &admissionv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "conformance-"},
		Spec:       admissionv1.ValidatingAdmissionPolicyBindingSpec{PolicyName: policy.Name, ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny}},
	}, metav1.CreateOptions{}))(t)
	t.Cleanup(func() {
		if err := api.ValidatingAdmissionPolicyBindings().Delete(contextOfCleanup(t), binding.Name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})

	big := newVM("big")
	big.Spec.Template.Spec.Domain.Memory.Guest = ptr(resource.MustParse("2Gi"))
	var refusal error
	eventually(t, "refusal by the policy", func(ctx context.Context) error {
		_, refusal = s.machines(ns).Create(ctx, big, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if refusal == nil {
			return errors.New("not refused")
		}
		return nil
	})
	expectStatus(t, "a guest over the policy's limit", refusal, 422, policy.Name, "guests of big may have 1Gi, not 2Gi")
	s.create(t, ns, newVM("demo"))
	// A patch, because controllers may write as well.
	patch := []byte(`[{"op":"replace","path":"/spec/template/spec/volumes/0/containerDisk/image","value":"example.org/guest:1"}]`)
	_, err := s.machines(ns).Patch(t.Context(), "demo", types.JSONPatchType, patch, metav1.PatchOptions{})
	expectStatus(t, "an update against the policy", err, 422, "images come from example.com")
	// The policy ends at its namespaces.
	if _, err := s.machines(s.namespace(t)).Create(t.Context(), big, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}); err != nil {
		t.Errorf("elsewhere: %v", err)
	}
}

// mutatingPolicy holds that an administrator's defaults reach virtual machines, merged by the schema of their kind.
func mutatingPolicy(t *testing.T, s *suite) {
	ns, match := s.policed(t)
	api := s.core.AdmissionregistrationV1()
	policy, err := api.MutatingAdmissionPolicies().Create(t.Context(), &admissionv1.MutatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "conformance-"},
		Spec: admissionv1.MutatingAdmissionPolicySpec{
			FailurePolicy: ptr(admissionv1.Fail), MatchConstraints: match, ReinvocationPolicy: admissionv1.NeverReinvocationPolicy,
			Mutations: []admissionv1.Mutation{{
				PatchType: admissionv1.PatchTypeApplyConfiguration,
				ApplyConfiguration: &admissionv1.ApplyConfiguration{Expression: `Object{
					metadata: Object.metadata{labels: {"policy": "seen"}},
					spec: Object.spec{template: Object.spec.template{spec: Object.spec.template.spec{
						volumes: [Object.spec.template.spec.volumes{name: "scratch", emptyDisk: Object.spec.template.spec.volumes.emptyDisk{capacity: "1Gi"}}]
					}}}
				}`},
			}},
		},
	}, metav1.CreateOptions{})
	if apierrors.IsNotFound(err) {
		t.Skip("the cluster has no mutating policies")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := api.MutatingAdmissionPolicies().Delete(contextOfCleanup(t), policy.Name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	binding := must(api.MutatingAdmissionPolicyBindings().Create(t.Context(), &admissionv1.MutatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "conformance-"}, Spec: admissionv1.MutatingAdmissionPolicyBindingSpec{PolicyName: policy.Name},
	}, metav1.CreateOptions{}))(t)
	t.Cleanup(func() {
		if err := api.MutatingAdmissionPolicyBindings().Delete(contextOfCleanup(t), binding.Name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})

	var vm *v1.VirtualMachine
	eventually(t, "change by the policy", func(ctx context.Context) error {
		var err error
		vm, err = s.machines(ns).Create(ctx, newVM("demo"), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if err == nil && vm.Labels["policy"] == "" {
			err = errors.New("not changed")
		}
		return err
	})
	if volumes := vm.Spec.Template.Spec.Volumes; len(volumes) != 2 || volumes[0].Name != "root" || volumes[1].EmptyDisk == nil || volumes[1].EmptyDisk.Capacity.String() != "1Gi" {
		t.Errorf("the policy's volume was merged to %+v", volumes)
	}
}
