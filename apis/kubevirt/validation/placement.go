// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"net/netip"
	"strings"

	corev1 "k8s.io/api/core/v1"
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
	errs = append(errs, scheduling(spec, path)...)
	errs = append(errs, dnsConfig(spec.DNSConfig, path.Child("dnsConfig"))...)
	return append(errs, dnsPolicy(spec, path)...)
}

func dnsPolicy(spec *v1.VirtualMachineInstanceSpec, path *field.Path) field.ErrorList {
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

// What a resolver of Kubernetes takes.
const (
	maxNameservers  = 3
	maxSearches     = 32
	maxSearchLength = 2048
)

func dnsConfig(c *corev1.PodDNSConfig, at *field.Path) field.ErrorList {
	if c == nil {
		return nil
	}
	var errs field.ErrorList
	if len(c.Nameservers) > maxNameservers {
		errs = append(errs, field.TooMany(at.Child("nameservers"), len(c.Nameservers), maxNameservers))
	}
	for i, server := range c.Nameservers {
		if _, err := netip.ParseAddr(server); err != nil {
			errs = append(errs, field.Invalid(at.Child("nameservers").Index(i), server, "must be an IP address"))
		}
	}
	if len(c.Searches) > maxSearches {
		errs = append(errs, field.TooMany(at.Child("searches"), len(c.Searches), maxSearches))
	}
	if len(strings.Join(c.Searches, " ")) > maxSearchLength {
		errs = append(errs, field.TooLong(at.Child("searches"), "", maxSearchLength))
	}
	for i, search := range c.Searches {
		for _, problem := range utilvalidation.IsDNS1123Subdomain(strings.TrimSuffix(search, ".")) {
			errs = append(errs, field.Invalid(at.Child("searches").Index(i), search, problem))
		}
	}
	for i, option := range c.Options {
		if option.Name == "" {
			errs = append(errs, field.Required(at.Child("options").Index(i).Child("name"), "name the option"))
		}
	}
	return errs
}
