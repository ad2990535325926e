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

func TestCreateOfWhatOtherClustersHave(t *testing.T) {
	for _, c := range []struct{ args, want, version string }{
		{"instancetype --name=small --cpu=2 --memory=1Gi --iothreadspolicy=auto --gpu=name:a,devicename:example.com/gpu --hostdevice=name:b,devicename:example.com/nic",
			"apiVersion: instancetype.kubevirt.io/v1beta1\nkind: VirtualMachineClusterInstancetype\nmetadata:\n  name: small\nspec:\n  cpu:\n    guest: 2\n" +
				"  gpus:\n  - deviceName: example.com/gpu\n    name: a\n  hostDevices:\n  - deviceName: example.com/nic\n    name: b\n  ioThreadsPolicy: auto\n  memory:\n    guest: 1Gi\n",
			"instancetype.kubevirt.io/v1beta1"},
		{"instancetype --name=small --cpu=1 --memory=1Gi --namespace=lab",
			"apiVersion: instancetype.kubevirt.io/v1beta1\nkind: VirtualMachineInstancetype\nmetadata:\n  name: small\n  namespace: lab\nspec:\n  cpu:\n    guest: 1\n  memory:\n    guest: 1Gi\n",
			"instancetype.kubevirt.io/v1beta1"},
		{"preference --name=p --namespaced --cpu-topology=cores --machine-type=q35 --volume-storage-class=fast",
			"apiVersion: instancetype.kubevirt.io/v1beta1\nkind: VirtualMachinePreference\nmetadata:\n  name: p\nspec:\n  cpu:\n    preferredCPUTopology: cores\n" +
				"  machine:\n    preferredMachineType: q35\n  volumes:\n    preferredStorageClassName: fast\n", "instancetype.kubevirt.io/v1beta1"},
		{"preference --name=p", "apiVersion: instancetype.kubevirt.io/v1beta1\nkind: VirtualMachineClusterPreference\nmetadata:\n  name: p\nspec: {}\n", "instancetype.kubevirt.io/v1beta1"},
		{"clone --name=c --source-name=demo --source-type=VMSnapshot --target-name=new --target-type=VirtualMachine --label-filter=* --annotation-filter=!a --template-label-filter=b " +
			"--template-annotation-filter=c --new-mac-address=default:02:00:00:00:00:01 --new-smbios-serial=7",
			"apiVersion: clone.kubevirt.io/v1beta1\nkind: VirtualMachineClone\nmetadata:\n  name: c\nspec:\n  annotationFilters:\n  - '!a'\n  labelFilters:\n  - '*'\n" +
				"  newMacAddresses:\n    default: \"02:00:00:00:00:01\"\n  newSMBiosSerial: \"7\"\n  source:\n    apiGroup: snapshot.kubevirt.io\n    kind: VirtualMachineSnapshot\n    name: demo\n" +
				"  target:\n    apiGroup: kubevirt.io\n    kind: VirtualMachine\n    name: new\n  template:\n    annotationFilters:\n    - c\n    labelFilters:\n    - b\n", "clone.kubevirt.io/v1beta1"},
	} {
		got := run(t, append([]string{"virtctl", "create"}, strings.Fields(c.args)...)...)
		if got.code != 0 || got.out != c.want || got.errOut != "Warning: virtplane does not serve "+c.version+"\n" {
			t.Errorf("create %s: %+v\nwant\n%s", c.args, got, c.want)
		}
	}
	for args, want := range map[string]string{
		"instancetype --memory=1Gi":                             "--cpu is missing",
		"instancetype --cpu=1":                                  `--memory=: "" is not a quantity`,
		"instancetype --cpu=1 --memory=1Gi --gpu=name:a":        "devicename is missing",
		"instancetype --cpu=1 --memory=1Gi --name=A":            "--name=A: ",
		"instancetype --cpu=1 --memory=1Gi --iothreadspolicy=x": "use auto or shared",
		"preference --cpu-topology=x":                           "use one of sockets, cores, threads, spread, any",
		"clone":                                                 "--source-name is missing",
		"clone --source-name=a --source-type=pod":               "use vm or vmsnapshot",
		"clone --source-name=a --target-type=pod":               "use vm",
		"clone --source-name=a --new-mac-address=x":             "it has to be INTERFACE:ADDRESS",
	} {
		got := run(t, append([]string{"virtctl", "create"}, strings.Fields(args)...)...)
		if got.code != 1 || got.out != "" || !strings.HasPrefix(got.errOut, "Error: ") || !strings.Contains(got.errOut, want) {
			t.Errorf("create %s: %+v, want %q", args, got, want)
		}
	}
}
