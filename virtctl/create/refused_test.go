// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package create

import (
	"slices"
	"strings"
	"testing"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/apis/kubevirt/validation"
)

// TestRefusalsAreForetold holds that the warnings are what the server says, and that it takes the rest.
func TestRefusalsAreForetold(t *testing.T) {
	for name, c := range cases {
		vm, err := c.machine.Manifest()
		if err != nil {
			t.Fatal(err)
		}
		vm.Namespace = "lab"
		v1.SetObjectDefaults_VirtualMachine(vm)
		var told []string
		for _, problem := range validation.VirtualMachine(vm) {
			// Where an instance type is refused, so is what it would have given.
			if vm.Spec.Instancetype == nil || problem.Field != "spec.template.spec.domain.memory.guest" {
				told = append(told, problem.Error())
			}
		}
		foretold := Refused(vm)
		if (len(foretold) == 0) != c.taken {
			t.Errorf("%s: warnings %q", name, foretold)
		}
		for _, problem := range told {
			if !slices.Contains(foretold, problem) {
				t.Errorf("%s: the server says %q, the warnings %q", name, problem, foretold)
			}
		}
	}
}

func TestWhatCannotBeMade(t *testing.T) {
	for want, change := range map[string]func(*Machine){
		`--run-strategy=Never: use Always`:                                      func(m *Machine) { m.RunStrategy = "Never" },
		`--termination-grace-period=-1: it cannot be negative`:                  func(m *Machine) { m.TerminationGracePeriod = -1 },
		`--memory=much: "much" is not a quantity`:                               func(m *Machine) { m.Memory = "much" },
		`--memory=0: "0" is not more than 0`:                                    func(m *Machine) { m.Memory = "0" },
		`--memory=-1Gi: "-1Gi" is not more than 0`:                              func(m *Machine) { m.Memory = "-1Gi" },
		`has more than 32 characters`:                                           func(m *Machine) { m.Memory = "1e" + strings.Repeat("9", 40) },
		`--memory and --cpu exclude an instance type`:                           func(m *Machine) { m.Memory, m.Instancetype = "1Gi", "small" },
		`--infer-instancetype and --infer-instancetype-from exclude each other`: func(m *Machine) { m.Instancetype, m.InferInstancetype = "small", true },
		`--instancetype=pod/small: the kind has to be one of`:                   func(m *Machine) { m.Instancetype = "pod/small" },
		`--preference=a/b/c: "b/c" is not a valid name`:                         func(m *Machine) { m.Preference = "a/b/c" },
		`infer instancetype: there is no volume to infer it from`:               func(m *Machine) { m.InferInstancetype = true },
		`infer preference: there is no volume x`:                                func(m *Machine) { m.InferPreferenceFrom = "x" },
		`infer preference: the volume demo-containerdisk-0 is neither a claim nor an import`: func(m *Machine) {
			m.ContainerDisks, m.InferPreference = []string{"src:a"}, true
		},
		`infer instancetype: the volume d has to come from a claim`: func(m *Machine) {
			m.Blanks, m.InferInstancetype = []string{"size:1Gi,name:d"}, true
		},
		`--volume-containerdisk=: "" is not KEY:VALUE; the keys are src, name, bootorder`: func(m *Machine) { m.ContainerDisks = []string{""} },
		`--volume-containerdisk=name:a: src is missing`:                                   func(m *Machine) { m.ContainerDisks = []string{"name:a"} },
		`--volume-containerdisk=src:a,size:1Gi: the key "size" is not known`:              func(m *Machine) { m.ContainerDisks = []string{"src:a,size:1Gi"} },
		`--volume-containerdisk=src:a,src:b: src is given twice`:                          func(m *Machine) { m.ContainerDisks = []string{"src:a,src:b"} },
		`"A" is not a valid name of a volume`:                                             func(m *Machine) { m.ContainerDisks = []string{"src:a,name:A"} },
		`there are two volumes called a`:                                                  func(m *Machine) { m.ContainerDisks = []string{"src:a,name:a", "src:b,name:a"} },
		`bootorder has to be 1 or more`:                                                   func(m *Machine) { m.ContainerDisks = []string{"src:a,bootorder:0"} },
		`bootorder 1 is that of a already`: func(m *Machine) {
			m.ContainerDisks, m.Claims = []string{"src:a,name:a,bootorder:1"}, []string{"src:b,bootorder:1"}
		},
		`--volume-pvc=src:other/data: src: the claim has to be in the namespace of the virtual machine; leave out other/`: func(m *Machine) {
			m.Claims = []string{"src:other/data"}
		},
		`--volume-emptydisk=name:a: size is missing`:                                func(m *Machine) { m.EmptyDisks = []string{"name:a"} },
		`--volume-emptydisk=size:x: size: "x" is not a quantity`:                    func(m *Machine) { m.EmptyDisks = []string{"size:x"} },
		`--volume-sysprep=src:a,type:disk: type has to be configmap or secret`:      func(m *Machine) { m.Sysprep = "src:a,type:disk" },
		`--volume-import=size:1Gi: type has to be one of blank, gcs`:                func(m *Machine) { m.Imports = []string{"size:1Gi"} },
		`--volume-import=type:http,url:x: size is missing`:                          func(m *Machine) { m.Imports = []string{"type:http,url:x"} },
		`--volume-import=type:http,size:1Gi: url is missing`:                        func(m *Machine) { m.Imports = []string{"type:http,size:1Gi"} },
		`--volume-import=type:blank,url:x,size:1Gi: the key "url" is not known`:     func(m *Machine) { m.Imports = []string{"type:blank,url:x,size:1Gi"} },
		`name the claim with its namespace, as NAMESPACE/a`:                         func(m *Machine) { m.Imports = []string{"type:pvc,src:a"} },
		`name the snapshot with its namespace, as NAMESPACE/a`:                      func(m *Machine) { m.Imports = []string{"type:snapshot,src:a"} },
		`give either url or imagestream`:                                            func(m *Machine) { m.Imports = []string{"type:registry,size:1Gi"} },
		`pullmethod has to be pod or node`:                                          func(m *Machine) { m.Imports = []string{"type:registry,url:a,pullmethod:x,size:1Gi"} },
		`thumbprint is missing`:                                                     func(m *Machine) { m.Imports = []string{"type:vddk,url:a,uuid:b,size:1Gi"} },
		`--access-cred=src:keys: name the user of the guest`:                        func(m *Machine) { m.AccessCredentials = []string{"src:keys"} },
		`--access-cred=src:a,type:x: type has to be ssh or password`:                func(m *Machine) { m.AccessCredentials = []string{"src:a,type:x"} },
		`--access-cred=src:a,method:x: method has to be ga, nocloud or configdrive`: func(m *Machine) { m.AccessCredentials = []string{"src:a,method:x"} },
		`user goes with the method ga`:                                              func(m *Machine) { m.AccessCredentials = []string{"src:a,method:nocloud,user:b"} },
		`the method nocloud needs --cloud-init=nocloud, not configdrive`: func(m *Machine) {
			m.AccessCredentials, m.CloudInit = []string{"src:a,method:nocloud"}, "configdrive"
		},
		`the method of passwords has to be ga`:               func(m *Machine) { m.AccessCredentials = []string{"src:a,type:password,method:nocloud"} },
		`user goes with keys`:                                func(m *Machine) { m.AccessCredentials = []string{"src:a,type:password,user:b"} },
		`--cloud-init=iso: use nocloud, configdrive or none`: func(m *Machine) { m.CloudInit = "iso" },
		`--cloud-init=none leaves no place`:                  func(m *Machine) { m.CloudInit, m.SSHKeys = "none", []string{"ssh-rsa AAAA"} },
		`--cloud-init-user-data is not base64`:               func(m *Machine) { m.UserData = "#cloud-config" },
		`--cloud-init-network-data is not base64`:            func(m *Machine) { m.NetworkData = "?" },
		`--cloud-init-user-data is all of the user data`:     func(m *Machine) { m.UserData, m.User = "IyE=", "admin" },
		`is not one line with a public key`:                  func(m *Machine) { m.SSHKeys = []string{"ssh-rsa AAAA\nruncmd: [reboot]"} },
	} {
		if _, err := machine(change).Manifest(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
