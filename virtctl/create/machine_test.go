// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package create

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// machine returns what is asked for without any flags, changed.
func machine(changes ...func(*Machine)) *Machine {
	m := &Machine{Name: "demo", RunStrategy: "Always", TerminationGracePeriod: DefaultGracePeriod}
	for _, change := range changes {
		change(m)
	}
	return m
}

func ptrTo[T any](value T) *T { return &value }

// cases are manifests by the name of their file in testdata, and whether virtplane takes them.
var cases = map[string]struct {
	machine *Machine
	taken   bool
}{
	"minimal": {machine(), true},
	"image": {machine(func(m *Machine) {
		m.Namespace, m.RunStrategy, m.TerminationGracePeriod, m.Memory, m.CPUs = "lab", "halted", 5, "1Gi", 2
		m.ContainerDisks = []string{"src:registry.example.com:5000/debian:13", "src:example.com/tools,name:tools"}
		m.EmptyDisks = []string{"size:10Gi,bootorder:1"}
		m.User, m.Password = "admin", "007"
		m.SSHKeys = []string{"ssh-ed25519 AAAA me@laptop: #1"}
	}), true},
	"claims": {machine(func(m *Machine) {
		m.Claims = []string{"src:root,bootorder:2", "src:data.example,name:data,bootorder:1"}
		m.Sysprep = "src:answers,type:secret"
		m.InferInstancetype, m.InferPreferenceFrom = true, "root"
	}), false},
	"imports": {machine(func(m *Machine) {
		m.Instancetype, m.Preference = "virtualmachineinstancetype/small", "debian"
		m.DataSources = []string{"src:images/debian"}
		m.ClonedClaims = []string{"src:images/root,name:root,size:10Gi"}
		m.Blanks = []string{"size:1Gi"}
		m.Imports = []string{
			"type:http,url:https://example.com/a.qcow2,size:2Gi,extraheaders:A: 1;B: 2,bootorder:1",
			"type:registry,url:docker://example.com/disk,size:1Gi,pullmethod:node",
			"type:s3,url:s3://bucket/disk,secretref:keys,size:1Gi", "type:gcs,url:gs://bucket/disk,size:1Gi",
			"type:imageio,url:https://ovirt,diskid:1,size:1Gi", "type:snapshot,src:images/snap",
			"type:vddk,url:https://vcenter,uuid:1,thumbprint:aa:bb,secretref:s,backingfile:[store] a.vmdk,size:1Gi",
		}
	}), false},
	"credentials": {machine(func(m *Machine) {
		m.User = "admin"
		m.AccessCredentials = []string{"src:keys", "type:ssh,src:more,user:root,method:ga", "type:password,src:passwords"}
	}), false},
	"configdrive": {machine(func(m *Machine) {
		m.CloudInit, m.UserData, m.NetworkData = "ConfigDrive", "I2Nsb3VkLWNvbmZpZw==", "dmVyc2lvbjogMg=="
		m.AccessCredentials = []string{"src:keys,method:configdrive"}
	}), false},
}

// TestManifests compares manifests with those in testdata; UPDATE=1 writes these.
func TestManifests(t *testing.T) {
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			vm, err := c.machine.Manifest()
			if err != nil {
				t.Fatal(err)
			}
			got, err := YAML(vm)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", name+".yaml")
			if os.Getenv("UPDATE") != "" {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil || string(got) != string(want) {
				t.Errorf("%v: manifest\n%s\nwant\n%s", err, got, want)
			}
			again, err := c.machine.Manifest()
			if err != nil {
				t.Fatal(err)
			}
			if second, err := YAML(again); err != nil || string(second) != string(got) {
				t.Errorf("%v: the same flags make another manifest:\n%s\n%s", err, got, second)
			}
		})
	}
}

func TestCloudInitIsAddedWhereItHasSomethingToSay(t *testing.T) {
	for _, c := range []struct {
		change func(*Machine)
		want   string
	}{
		{func(*Machine) {}, ""},
		{func(m *Machine) { m.AgentManagesSSH = ptrTo(false) }, ""},
		{func(m *Machine) { m.CloudInit, m.User = "none", "admin" }, ""},
		{func(m *Machine) { m.CloudInit = "nocloud" }, "#cloud-config"},
		{func(m *Machine) { m.AgentManagesSSH = ptrTo(true) }, "#cloud-config\nruncmd:\n- - setsebool\n  - -P\n  - virt_qemu_ga_manage_ssh\n  - \"on\"\n"},
		{func(m *Machine) {
			m.User, m.AccessCredentials, m.AgentManagesSSH = "admin", []string{"src:a"}, ptrTo(false)
		}, "#cloud-config\nuser: admin\n"},
		// Whatever is typed stays a text, and what it says is said to nobody else.
		{func(m *Machine) { m.User, m.Password = "yes", "a: b\n- c # d" }, "#cloud-config\nchpasswd:\n  expire: false\npassword: |-\n  a: b\n  - c # d\nuser: \"yes\"\n"},
	} {
		vm, err := machine(c.change).Manifest()
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, v := range vm.Spec.Template.Spec.Volumes {
			got += v.CloudInitNoCloud.UserData
		}
		if got != c.want {
			t.Errorf("user data %q, want %q", got, c.want)
		}
	}
}

func TestNamesOfVolumesFollowFromThatOfTheMachine(t *testing.T) {
	m := machine(func(m *Machine) {
		m.Name, m.ContainerDisks = strings.Repeat("long.", 20)+"name", []string{"src:a", "src:b"}
	})
	vm, err := m.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range vm.Spec.Template.Spec.Volumes {
		if len(v.Name) != 63 || !strings.HasSuffix(v.Name, []string{"-containerdisk-0", "-containerdisk-1"}[i]) {
			t.Errorf("volume %d is called %s", i, v.Name)
		}
	}
}
