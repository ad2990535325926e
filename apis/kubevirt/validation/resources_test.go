// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func TestWhatIsAskedOfANodeHasBounds(t *testing.T) {
	for _, c := range []specCase{
		{"the most memory", func(s *v1.VirtualMachineInstanceSpec) { s.Domain.Memory.Guest = quantity("64Ti") }, nil},
		{"more than the most", func(s *v1.VirtualMachineInstanceSpec) { s.Domain.Memory.Guest = quantity("65Ti") }, []string{
			`$.domain.memory.guest: Invalid value: "65Ti": must be at most 64Ti`,
		}},
		{"too large a limit is named where it was typed", func(s *v1.VirtualMachineInstanceSpec) {
			s.Domain.Memory, s.Domain.Resources.Limits = nil, memoryList("1Pi")
		}, []string{`$.domain.resources.limits.memory: Invalid value: "1Pi": must be at most 64Ti`}},
		{"too large a request", func(s *v1.VirtualMachineInstanceSpec) { s.Domain.Resources.Requests = memoryList("1Pi") }, []string{
			`$.domain.resources.requests.memory: Invalid value: "1Pi": must be at most 64Ti`,
		}},
		{"CPU time", func(s *v1.VirtualMachineInstanceSpec) { s.Domain.Resources.Limits = cpuList("1000001") }, []string{
			`$.domain.resources.limits.cpu: Invalid value: "1000001": must be at most 1M`,
		}},
		{"other resources", func(s *v1.VirtualMachineInstanceSpec) {
			s.Domain.Resources.Requests = corev1.ResourceList{
				"ephemeral-storage": resource.MustParse("-1Gi"), "example.com/fpga": resource.MustParse("1"), "a b": resource.MustParse("1"),
			}
		}, []string{
			`$.domain.resources.requests: Invalid value: "a b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
			`$.domain.resources.requests.ephemeral-storage: Invalid value: "-1Gi": must not be negative`,
		}},
	} {
		c.run(t)
	}
}
