// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"regexp"
	"strings"
	"testing"
)

func TestCreateVM(t *testing.T) {
	// Nothing is asked of any cluster, and none is needed.
	t.Setenv("KUBECONFIG", t.TempDir()+"/none")
	got := run(t, "virtctl", "create", "vm", "--name=demo", "--namespace=lab", "--memory=1Gi", "--cpu=2", "--volume-containerdisk=src:example.com/debian:13",
		"--user=admin", "--ssh-key=ssh-rsa AAAA a,ssh-rsa AAAB b", "--ga-manage-ssh=false")
	want := `apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata:
  name: demo
  namespace: lab
spec:
  runStrategy: Always
  template:
    spec:
      domain:
        cpu:
          cores: 2
        devices: {}
        memory:
          guest: 1Gi
        resources: {}
      terminationGracePeriodSeconds: 180
      volumes:
      - containerDisk:
          image: example.com/debian:13
        name: demo-containerdisk-0
      - cloudInitNoCloud:
          userData: |
            #cloud-config
            ssh_authorized_keys:
            - ssh-rsa AAAA a
            - ssh-rsa AAAB b
            user: admin
        name: cloudinitdisk
`
	if got.code != 0 || got.out != want || got.errOut != "" {
		t.Errorf("%+v\nwant %s", got, want)
	}
}

func TestCreateVMOfARandomName(t *testing.T) {
	name := regexp.MustCompile(`\n  name: (vm-[a-z0-9]{5})\n`)
	first, second := run(t, "virtctl", "create", "vm"), run(t, "virtctl", "create", "vm")
	a, b := name.FindStringSubmatch(first.out), name.FindStringSubmatch(second.out)
	if first.code != 0 || a == nil || b == nil || a[1] == b[1] {
		t.Errorf("%+v, %+v", first, second)
	}
}

func TestCreateVMWarnsOfWhatIsRefused(t *testing.T) {
	got := run(t, "virtctl", "create", "vm", "--name=demo", "--instancetype=small", "--password-file="+writeFile(t, "secret\n"))
	if got.code != 0 || !strings.Contains(got.out, "instancetype:\n    name: small\n") || !strings.Contains(got.out, "password: secret") {
		t.Errorf("%+v", got)
	}
	for _, want := range []string{
		"Warning: the password is in the manifest, where everybody reads it who may read the virtual machine\n",
		"Warning: virtplane refuses this manifest: spec.instancetype: Forbidden: instance types are not supported",
	} {
		if !strings.Contains(got.errOut, want) {
			t.Errorf("warnings %q, want %q", got.errOut, want)
		}
	}
}

func TestCreateVMRefusesMistakes(t *testing.T) {
	for args, want := range map[string]string{
		"create nonsense":                     "unknown command",
		"create vm demo":                      `unexpected argument "demo"`,
		"create vm --name=A":                  "--name=A: a lowercase",
		"create vm --volume-pvc=data":         `--volume-pvc=data: "data" is not KEY:VALUE; the keys are src, name, bootorder`,
		"create vm --cpu=-1":                  "invalid argument",
		"create vm --password-file=/none":     "read password: open /none",
		"create vm --memory=1Gi --memory=bad": `"bad" is not a quantity`,
	} {
		got := run(t, append([]string{"virtctl"}, strings.Fields(args)...)...)
		if got.code != 1 || got.out != "" || !strings.HasPrefix(got.errOut, "Error: ") || !strings.Contains(got.errOut, want) {
			t.Errorf("%s: %+v, want %q", args, got, want)
		}
	}
}
