// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/virtctl"
)

// virtctlOf is our virtctl of one user, in a namespace.
type virtctlOf struct {
	t                     *testing.T
	kubeconfig, namespace string
}

// newVirtctl returns the virtctl of the host cluster's administrator, who comes through kube-apiserver.
func newVirtctl(t *testing.T) virtctlOf {
	return virtctlOf{t, cluster.file("admin.kubeconfig"), newNamespace(t)}
}

// as returns virtctl with another login.
func (v virtctlOf) as(login *rest.Config) virtctlOf {
	v.t.Helper()
	config := api.NewConfig()
	config.CurrentContext = "test"
	config.Contexts["test"] = &api.Context{Cluster: "test", AuthInfo: "test"}
	config.Clusters["test"] = &api.Cluster{Server: login.Host, CertificateAuthorityData: login.CAData}
	config.AuthInfos["test"] = &api.AuthInfo{ClientCertificateData: login.CertData, ClientKeyData: login.KeyData, Token: login.BearerToken}
	v.kubeconfig = filepath.Join(v.t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, v.kubeconfig); err != nil {
		v.t.Fatal(err)
	}
	return v
}

func (v virtctlOf) try(args ...string) (code int, out, errOut string) {
	v.t.Helper()
	var stdout, stderr bytes.Buffer
	args = append([]string{"virtctl", "--kubeconfig=" + v.kubeconfig, "--namespace=" + v.namespace}, args...)
	code = virtctl.Run(v.t.Context(), args, strings.NewReader(""), &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

// run expects a command to succeed without a warning.
func (v virtctlOf) run(args ...string) string {
	v.t.Helper()
	code, out, errOut := v.try(args...)
	if code != 0 || errOut != "" {
		v.t.Errorf("virtctl %s: exit code %d, %s%s", strings.Join(args, " "), code, out, errOut)
	}
	return out
}

// fail expects a command to fail with these words and nothing else.
func (v virtctlOf) fail(want string, args ...string) {
	v.t.Helper()
	if code, out, errOut := v.try(args...); code != 1 || out != "" || errOut != want+"\n" {
		v.t.Errorf("virtctl %s: exit code %d, prints %q and %q\nwant %q", strings.Join(args, " "), code, out, errOut, want)
	}
}

// TestVirtctlCreatesWhatTheServerTakes creates the manifests that virtctl's own tests hold to be accepted, and has the
// server refuse the others in the words of the warnings.
func TestVirtctlCreatesWhatTheServerTakes(t *testing.T) {
	v := newVirtctl(t)
	k := kubectl{t: t, namespace: v.namespace}
	for name, flags := range map[string][]string{
		"plain": nil,
		"full": {"--cpu=2", "--memory=1Gi", "--run-strategy=halted", "--volume-containerdisk=src:example.com/guest:1,bootorder:1", "--volume-emptydisk=size:1Gi",
			"--user=admin", "--ssh-key=ssh-rsa AAAA me", "--cloud-init-network-data=dmVyc2lvbjogMg=="},
		"long." + strings.Repeat("name.", 30) + "x": {"--volume-containerdisk=src:example.com/guest:1"},
	} {
		expectOutput(t, "kubectl create of "+name, k.with(v.run(append([]string{"create", "vm", "--name=" + name}, flags...)...)).run("create", "-f", "-"),
			"virtualmachine.kubevirt.io/"+name+" created")
	}
	for _, flags := range [][]string{
		{"--instancetype=small"}, {"--preference=debian"}, {"--volume-pvc=src:data"}, {"--volume-import=type:blank,size:1Gi"}, {"--volume-sysprep=src:answers"},
		{"--access-cred=src:keys,user:admin"}, {"--cloud-init=configdrive"},
	} {
		code, manifest, warnings := v.try(append([]string{"create", "vm", "--name=refused"}, flags...)...)
		if code != 0 || warnings == "" {
			t.Fatalf("create vm %v: exit code %d, warnings %q", flags, code, warnings)
		}
		refusal := k.with(manifest).fail("create", "-f", "-")
		for _, warning := range strings.Split(strings.TrimSpace(warnings), "\n") {
			problem, found := strings.CutPrefix(warning, "Warning: virtplane refuses this manifest: ")
			if !found || !strings.Contains(refusal, problem) {
				t.Errorf("create vm %v warns\n%s\nand kubectl create prints\n%s", flags, warning, refusal)
			}
		}
	}
}

func TestVirtctlExposesAMachine(t *testing.T) {
	v := newVirtctl(t)
	long := strings.Repeat("long.", 20) + "name"
	for _, name := range []string{"demo", long} {
		vm := create(t, v.namespace, newVM(name, func(vm *v1.VirtualMachine) {
			spec := &vm.Spec.Template.Spec
			spec.Networks = []v1.Network{{Name: "default", NetworkSource: v1.NetworkSource{Pod: &v1.PodNetwork{}}}}
			spec.Domain.Devices.Interfaces = []v1.Interface{{
				Name: "default", InterfaceBindingMethod: v1.InterfaceBindingMethod{Masquerade: &v1.InterfaceMasquerade{}},
				Ports: []v1.Port{{Name: "ssh", Port: 22}, {Port: 53, Protocol: "UDP"}},
			}}
		}))
		service := "of-" + name[:4]
		expectOutput(t, "expose", v.run("expose", "vm", name, "--name="+service), "Service "+service+" successfully created for vm "+name)
		got := must(cluster.core.CoreV1().Services(v.namespace).Get(t.Context(), service, metav1.GetOptions{}))(t)
		if !metav1.IsControlledBy(got, vm) || got.Spec.Selector["vmi.kubevirt.io/id"] != v1.InstanceID(name) || len(got.Spec.Ports) != 2 || got.Spec.Ports[1].Protocol != corev1.ProtocolUDP {
			t.Errorf("the Service of %s is %+v of %v", name, got.Spec, got.OwnerReferences)
		}
	}
	v.fail(`Error from server (AlreadyExists): services "of-demo" already exists`, "expose", "vm", "demo", "--name=of-demo", "--port=1")
	v.fail(`Error from server (NotFound): virtualmachines.kubevirt.io "none" not found`, "expose", "vm", "none", "--name=a", "--port=1")
	v.fail("Error: the cluster does not serve virtualmachineinstancereplicasets.kubevirt.io; expose single virtual machines", "expose", "vmirs", "none", "--name=a", "--port=1")
	v.run("expose", "vm/demo", "--name=headless", "--port=80", "--target-port=ssh", "--cluster-ip=None")
	if got := must(cluster.core.CoreV1().Services(v.namespace).Get(t.Context(), "headless", metav1.GetOptions{}))(t); got.Spec.ClusterIP != "None" || got.Spec.Ports[0].TargetPort.StrVal != "ssh" {
		t.Errorf("the headless Service is %+v", got.Spec)
	}
}

func TestVirtctlExpands(t *testing.T) {
	v := newVirtctl(t)
	create(t, v.namespace, newVM("demo"))
	if got := v.run("expand", "--vm=demo", "--output=json"); !strings.Contains(got, "\n  \"kind\": \"VirtualMachine\",\n") || !strings.Contains(got, `"guest": "128Mi"`) {
		t.Errorf("expand of a machine prints\n%s", got)
	}
	file := filepath.Join(t.TempDir(), "vm.yaml")
	write := func(content string) {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(v.run("create", "vm", "--name=new"))
	if got := v.run("expand", "--file="+file); !strings.Contains(got, "kind: VirtualMachine\n") || !strings.Contains(got, "\n  name: new\n") {
		t.Errorf("expand of a file prints\n%s", got)
	}
	write("kind: Pod\napiVersion: v1\nspec: {template: {}}\n")
	v.fail("Error from server (BadRequest): Object is not a valid VirtualMachine", "expand", "--file="+file)
	v.fail(`Error from server (NotFound): virtualmachine.kubevirt.io "none" not found`, "expand", "--vm=none")
}
