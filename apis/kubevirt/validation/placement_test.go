// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func TestPlacement(t *testing.T) {
	for _, c := range []specCase{
		{"names", func(s *v1.VirtualMachineInstanceSpec) {
			s.Hostname, s.Subdomain, s.PriorityClassName, s.SchedulerName = "a", "b", "c.d", "e.f"
		}, nil},
		{"subdomain and class", func(s *v1.VirtualMachineInstanceSpec) {
			s.Subdomain, s.PriorityClassName, s.SchedulerName = "a.b", "A", "-"
		}, []string{
			`$.subdomain: Invalid value: "a.b": must not contain dots`,
			`$.priorityClassName: Invalid value: "A": ` + subdomainRule,
			`$.schedulerName: Invalid value: "-": ` + subdomainRule,
		}},
		{"node selector", func(s *v1.VirtualMachineInstanceSpec) { s.NodeSelector = map[string]string{"a b": "c"} }, []string{
			`$.nodeSelector: Invalid value: "a b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
		}},
		{"dns policy", func(s *v1.VirtualMachineInstanceSpec) { s.DNSPolicy = "Sometimes" }, []string{
			`$.dnsPolicy: Unsupported value: "Sometimes": supported values: "ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"`,
		}},
		{"dns without servers", func(s *v1.VirtualMachineInstanceSpec) { s.DNSPolicy = corev1.DNSNone }, []string{
			`$.dnsConfig.nameservers: Required value: must provide at least one DNS nameserver when dnsPolicy is None`,
		}},
		{"dns with servers", func(s *v1.VirtualMachineInstanceSpec) {
			s.DNSPolicy, s.DNSConfig = corev1.DNSNone, &corev1.PodDNSConfig{Nameservers: []string{"192.0.2.53"}}
		}, nil},
	} {
		c.run(t)
	}
}

const subdomainRule = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`

func TestLife(t *testing.T) {
	probe := func() *v1.Probe {
		return &v1.Probe{Handler: v1.Handler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt32(22)}}}
	}
	for _, c := range []specCase{
		{"strategies", func(s *v1.VirtualMachineInstanceSpec) {
			s.StartStrategy, s.EvictionStrategy = ptr(v1.StartStrategyPaused), ptr(v1.EvictionStrategyLiveMigrate)
		}, nil},
		{"unknown strategies", func(s *v1.VirtualMachineInstanceSpec) {
			s.StartStrategy, s.EvictionStrategy, s.Architecture = ptr(v1.StartStrategy("Fast")), ptr(v1.EvictionStrategy("Move")), "riscv64"
		}, []string{
			`$.startStrategy: Unsupported value: "Fast": supported values: "Paused"`,
			`$.evictionStrategy: Unsupported value: "Move": supported values: "None", "LiveMigrate", "LiveMigrateIfPossible", "External"`,
			`$.architecture: Unsupported value: "riscv64": supported values: "amd64"`,
		}},
		{"paused with a liveness probe", func(s *v1.VirtualMachineInstanceSpec) {
			s.StartStrategy, s.LivenessProbe = ptr(v1.StartStrategyPaused), probe()
		}, []string{`$.livenessProbe: Forbidden: a guest that starts paused would fail its liveness probe; remove one of the two`}},
		{"probe without handler", func(s *v1.VirtualMachineInstanceSpec) { s.ReadinessProbe = &v1.Probe{} }, []string{
			`$.readinessProbe: Required value: must have exactly one handler: httpGet, tcpSocket, exec or guestAgentPing`,
		}},
		{"probe with two handlers", func(s *v1.VirtualMachineInstanceSpec) {
			s.ReadinessProbe = probe()
			s.ReadinessProbe.HTTPGet = &corev1.HTTPGetAction{Port: intstr.FromInt32(80)}
		}, []string{`$.readinessProbe: Invalid value: "[httpGet tcpSocket]": must have exactly one handler: httpGet, tcpSocket, exec or guestAgentPing`}},
		{"probes by the guest agent", func(s *v1.VirtualMachineInstanceSpec) {
			s.LivenessProbe = &v1.Probe{Handler: v1.Handler{GuestAgentPing: &v1.GuestAgentPing{}}}
			s.ReadinessProbe = &v1.Probe{Handler: v1.Handler{Exec: &corev1.ExecAction{Command: []string{"true"}}}}
			s.Networks, s.Domain.Devices.Interfaces, s.Domain.Devices.AutoattachPodInterface = nil, nil, ptr(false)
		}, nil},
		{"command of nothing", func(s *v1.VirtualMachineInstanceSpec) {
			s.ReadinessProbe = &v1.Probe{Handler: v1.Handler{Exec: &corev1.ExecAction{}}}
		}, []string{`$.readinessProbe.exec.command: Required value: name a program in the guest, and its arguments`}},
		{"probe without network", func(s *v1.VirtualMachineInstanceSpec) {
			s.LivenessProbe, s.Networks, s.Domain.Devices.Interfaces = probe(), nil, nil
			s.Domain.Devices.AutoattachPodInterface = ptr(false)
		}, []string{`$.livenessProbe: Invalid value: "[tcpSocket]": needs an interface on the pod network`}},
		{"negative times", func(s *v1.VirtualMachineInstanceSpec) {
			s.LivenessProbe = probe()
			s.LivenessProbe.InitialDelaySeconds, s.LivenessProbe.TimeoutSeconds, s.LivenessProbe.PeriodSeconds = -1, -2, -3
			s.LivenessProbe.SuccessThreshold, s.LivenessProbe.FailureThreshold = -4, -5
		}, []string{
			`$.livenessProbe.initialDelaySeconds: Invalid value: -1: must not be negative`,
			`$.livenessProbe.timeoutSeconds: Invalid value: -2: must not be negative`,
			`$.livenessProbe.periodSeconds: Invalid value: -3: must not be negative`,
			`$.livenessProbe.successThreshold: Invalid value: -4: must not be negative`,
			`$.livenessProbe.failureThreshold: Invalid value: -5: must not be negative`,
		}},
	} {
		c.run(t)
	}
}
