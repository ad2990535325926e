// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/json"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// judge does with a machine what the server does with a new one after it was read.
func judge(vm *v1.VirtualMachine) int {
	v1.SetObjectDefaults_VirtualMachine(vm)
	return len(VirtualMachine(vm))
}

// largest returns a machine that has all that is accepted: as many disks, seeds and terms as fit.
func largest() *v1.VirtualMachine {
	return machine(func(s *v1.VirtualMachineInstanceSpec) {
		s.Volumes, s.Domain.Devices.Disks = nil, nil
		data := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("u", maxCloudInit)))
		for i := range maxListed {
			name := fmt.Sprint("v", i)
			s.Volumes = append(s.Volumes, v1.Volume{Name: name, VolumeSource: v1.VolumeSource{
				CloudInitNoCloud: &v1.CloudInitNoCloudSource{UserDataBase64: data, NetworkDataBase64: data},
			}})
			s.Domain.Devices.Disks = append(s.Domain.Devices.Disks, v1.Disk{
				Name: name, Serial: strings.Repeat("s", maxSerial), BootOrder: ptr(int64(i + 1)),
			})
		}
		for i := range 1000 {
			s.Tolerations = append(s.Tolerations, corev1.Toleration{Key: fmt.Sprint("example.com/k", i), Operator: corev1.TolerationOpExists})
			s.Domain.Devices.Interfaces[0].Ports = append(s.Domain.Devices.Interfaces[0].Ports, v1.Port{Name: fmt.Sprint("p", i), Port: 80})
		}
	})
}

func BenchmarkTypicalVirtualMachine(b *testing.B) { benchmark(b, machine(nil)) }

func BenchmarkLargestVirtualMachine(b *testing.B) { benchmark(b, largest()) }

func benchmark(b *testing.B, vm *v1.VirtualMachine) {
	if n := judge(vm.DeepCopy()); n > 0 {
		b.Fatalf("%d problems", n)
	}
	b.ReportAllocs()
	for b.Loop() {
		judge(vm)
	}
}

// TestHostileMachinesAreRefusedAtOnce holds that no request keeps the server busy. The limit is far above what each takes, and
// far below what the same cases take where the cost grows with the square of their size or with an exponent.
func TestHostileMachinesAreRefusedAtOnce(t *testing.T) {
	const limit = 20 * time.Second
	list := func(n int, item string) string { return strings.Repeat(item+",", n-1) + item }
	credential := `{"sshPublicKey":{"source":{"secret":{"secretName":"s"}},"propagationMethod":{"noCloud":{},"configDrive":{}}}}`
	for name, spec := range map[string]string{
		"10,000 disks":                `{"domain":{"devices":{"disks":[` + list(10000, `{"name":"a","disk":{"bus":"ide"}}`) + `]}}}`,
		"10,000 interfaces":           `{"domain":{"devices":{"interfaces":[` + list(10000, `{"name":"a","macAddress":"x"}`) + `]}}}`,
		"10,000 keys, 10,000 volumes": `{"accessCredentials":[` + list(10000, credential) + `],"volumes":[` + list(10000, `{"name":"a"}`) + `]}`,
		"long text":                   `{"hostname":"` + strings.Repeat("h", 2<<20) + `","domain":{}}`,
		"text that is not UTF-8":      `{"hostname":"` + strings.Repeat("\xff", 1<<20) + `","domain":{}}`,
		"memory with an exponent":     `{"domain":{"memory":{"guest":"1e999999999"},"resources":{"limits":{"memory":"1e888888888"}}}}`,
		"negative exponents of CPUs":  `{"domain":{"memory":{"guest":"1Gi"},"resources":{"requests":{"cpu":"-1e999999999"}}}}`,
		"many digits":                 `{"domain":{"memory":{"guest":"` + strings.Repeat("9", 10000) + `"}}}`,
		"more CPUs than fit a number": `{"domain":{"memory":{"guest":"1Gi"},"cpu":{"sockets":4294967295,"cores":4294967295,"threads":4294967295}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			vm := machine(nil)
			vm.Spec.Template.Spec = v1.VirtualMachineInstanceSpec{}
			if err := json.Unmarshal([]byte(spec), &vm.Spec.Template.Spec); err != nil {
				t.Fatal(err)
			}
			begin := time.Now()
			n := judge(vm)
			took := time.Since(begin)
			if n == 0 || n > mostProblems+1 {
				t.Errorf("%d problems", n)
			}
			if took > limit {
				t.Errorf("it took %s", took)
			}
		})
	}
}
