// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package expose makes Services for virtual machines.
package expose

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Flags are what is asked of a Service, as it was typed.
type Flags struct {
	Name, Type, ClusterIP, ExternalIP string
	// Port is 0 for the ports of the exposed object.
	Port                           int32
	PortName, TargetPort, Protocol string
	IPFamily, IPFamilyPolicy       string
}

// Service returns the Service that is asked for, without what comes from the exposed object.
func (f *Flags) Service() (*corev1.Service, error) {
	kind, err := oneOf("--type", f.Type, corev1.ServiceTypeClusterIP, corev1.ServiceTypeNodePort, corev1.ServiceTypeLoadBalancer)
	if err != nil {
		return nil, err
	}
	service := &corev1.Service{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: metav1.ObjectMeta{Name: f.Name},
		Spec:       corev1.ServiceSpec{Type: kind, ClusterIP: f.ClusterIP},
	}
	if f.ExternalIP != "" {
		service.Spec.ExternalIPs = []string{f.ExternalIP}
	}
	if err := f.addFamilies(&service.Spec); err != nil {
		return nil, err
	}
	if err := f.addPort(&service.Spec); err != nil {
		return nil, err
	}
	return service, nil
}

func (f *Flags) addFamilies(spec *corev1.ServiceSpec) error {
	if f.IPFamily != "" {
		for _, name := range strings.Split(f.IPFamily, ",") {
			family, err := oneOf("--ip-family", name, corev1.IPv4Protocol, corev1.IPv6Protocol)
			if err != nil {
				return err
			}
			if slices.Contains(spec.IPFamilies, family) {
				return fmt.Errorf("--ip-family=%s: %s is named twice", f.IPFamily, family)
			}
			spec.IPFamilies = append(spec.IPFamilies, family)
		}
	}
	policy := corev1.IPFamilyPolicyPreferDualStack
	switch {
	case f.IPFamilyPolicy != "":
		var err error
		policy, err = oneOf("--ip-family-policy", f.IPFamilyPolicy,
			corev1.IPFamilyPolicySingleStack, corev1.IPFamilyPolicyPreferDualStack, corev1.IPFamilyPolicyRequireDualStack)
		if err != nil {
			return err
		}
	case len(spec.IPFamilies) < 2:
		return nil
	}
	spec.IPFamilyPolicy = &policy
	return nil
}

func (f *Flags) addPort(spec *corev1.ServiceSpec) error {
	protocol, err := oneOf("--protocol", f.Protocol, corev1.ProtocolTCP, corev1.ProtocolUDP)
	if err != nil {
		return err
	}
	if f.Port == 0 {
		return nil
	}
	port := corev1.ServicePort{Name: f.PortName, Protocol: protocol, Port: f.Port}
	if f.TargetPort != "" {
		port.TargetPort = intstr.Parse(f.TargetPort)
		if port.TargetPort.Type == intstr.Int && !isPort(port.TargetPort.IntVal) {
			return fmt.Errorf("--target-port=%s: a port has to be 1 to 65535", f.TargetPort)
		}
	}
	if !isPort(f.Port) {
		return fmt.Errorf("--port=%d: a port has to be 1 to 65535", f.Port)
	}
	spec.Ports = []corev1.ServicePort{port}
	return nil
}

func isPort(n int32) bool { return n > 0 && n <= 65535 }

// oneOf returns the known value that is meant by text, in whatever case.
func oneOf[T ~string](flag, text string, known ...T) (T, error) {
	names := make([]string, len(known))
	for i, value := range known {
		if strings.EqualFold(text, string(value)) {
			return value, nil
		}
		names[i] = string(value)
	}
	return "", fmt.Errorf("%s=%s: use one of %s", flag, text, strings.Join(names, ", "))
}
