// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	corev1 "k8s.io/api/core/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

var dnsPolicies = []corev1.DNSPolicy{
	corev1.DNSClusterFirst, corev1.DNSClusterFirstWithHostNet, corev1.DNSDefault, corev1.DNSNone,
}

// placement checks what goes into the launcher pod's own spec, whose other rules kube-apiserver holds.
func placement(spec *v1.VirtualMachineInstanceSpec, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, name := range []struct {
		field, value string
		check        func(string) []string
	}{
		{"hostname", spec.Hostname, utilvalidation.IsDNS1123Label},
		{"subdomain", spec.Subdomain, utilvalidation.IsDNS1123Label},
		{"priorityClassName", spec.PriorityClassName, utilvalidation.IsDNS1123Subdomain},
		{"schedulerName", spec.SchedulerName, utilvalidation.IsDNS1123Subdomain},
	} {
		if name.value == "" {
			continue
		}
		for _, problem := range name.check(name.value) {
			errs = append(errs, field.Invalid(path.Child(name.field), name.value, problem))
		}
	}
	errs = append(errs, metav1validation.ValidateLabels(spec.NodeSelector, path.Child("nodeSelector"))...)
	return append(errs, dns(spec, path)...)
}

func dns(spec *v1.VirtualMachineInstanceSpec, path *field.Path) field.ErrorList {
	switch spec.DNSPolicy {
	case "", corev1.DNSClusterFirst, corev1.DNSClusterFirstWithHostNet, corev1.DNSDefault:
	case corev1.DNSNone:
		if spec.DNSConfig == nil || len(spec.DNSConfig.Nameservers) == 0 {
			return field.ErrorList{field.Required(path.Child("dnsConfig", "nameservers"), "must provide at least one DNS nameserver when dnsPolicy is None")}
		}
	default:
		return field.ErrorList{field.NotSupported(path.Child("dnsPolicy"), spec.DNSPolicy, dnsPolicies)}
	}
	return nil
}
