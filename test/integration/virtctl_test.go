// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
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

// TestVirtctlTellsWhatTheServerLacks holds that the words of the server come through, and that nothing is left behind.
func TestVirtctlTellsWhatTheServerLacks(t *testing.T) {
	v := newVirtctl(t)
	vm := create(t, v.namespace, newVM("demo"))
	setPhase(t, createVMI(t, v.namespace, newVMI("demo", func(vmi *v1.VirtualMachineInstance) {
		vmi.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(vm, v1.SchemeGroupVersion.WithKind("VirtualMachine"))}
	})), v1.Running)
	claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: "data"}, Spec: corev1.PersistentVolumeClaimSpec{
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
	}}
	must(cluster.core.CoreV1().PersistentVolumeClaims(v.namespace).Create(t.Context(), claim, metav1.CreateOptions{}))(t)

	v.fail("Error from server (NotImplemented): live migration is not implemented by this version of virtplane", "migrate", "demo")
	v.fail("Error: the cluster has no live migration: it does not serve virtualmachineinstancemigrations.kubevirt.io", "migrate-cancel", "demo")
	v.fail("Error: there is neither a DataVolume nor a PersistentVolumeClaim none in namespace "+v.namespace, "addvolume", "demo", "--volume-name=none")
	if code, _, errOut := v.try("addvolume", "demo", "--volume-name=data"); code != 1 || !strings.Contains(errOut, "(Invalid)") || !strings.Contains(errOut, "persistentVolumeClaim") {
		t.Errorf("addvolume: exit code %d, %s", code, errOut)
	}
	v.fail("Error from server (Conflict): "+vmConflict+"Unable to remove volume [root] because it is not hotpluggable", "removevolume", "demo", "--volume-name=root")
	v.fail(`Error from server (NotFound): virtualmachine.kubevirt.io "none" not found`, "removevolume", "none", "--volume-name=root")
	v.fail("Error from server (NotImplemented): dumping the memory of a guest is not implemented by this version of virtplane", "memory-dump", "get", "demo", "--claim-name=data")
	if code, _, errOut := v.try("memory-dump", "get", "demo", "--claim-name=dump", "--create-claim"); code != 1 || !strings.Contains(errOut, "PVC "+v.namespace+"/dump deleted again\n") {
		t.Errorf("memory-dump: exit code %d, %s", code, errOut)
	}
	claims := must(cluster.core.CoreV1().PersistentVolumeClaims(v.namespace).List(t.Context(), metav1.ListOptions{}))(t)
	for _, c := range claims.Items {
		if c.Name != "data" && c.DeletionTimestamp == nil {
			t.Errorf("a dump that is not there leaves the claim %s", c.Name)
		}
	}
	v.fail("Error from server (Conflict): "+vmConflict+"can't remove memory dump association for vm demo, no association found", "memory-dump", "remove", "demo")
	if code, _, errOut := v.try("credentials", "add-ssh-key", "demo", "--user=admin", "--value=ssh-rsa AAAA me", "--force"); code != 1 ||
		!strings.Contains(errOut, "spec.template.spec.accessCredentials: Forbidden: access credentials are not supported") {
		t.Errorf("add-ssh-key: exit code %d, %s", code, errOut)
	}
	if secrets := must(cluster.core.CoreV1().Secrets(v.namespace).List(t.Context(), metav1.ListOptions{}))(t); len(secrets.Items) > 0 {
		t.Errorf("a refused credential leaves the Secret %s", secrets.Items[0].Name)
	}
	v.fail("Error: VM demo uses no Secret for passwords; add one to spec.template.spec.accessCredentials[].userPassword", "credentials", "set-password", "demo", "--user=a", "--password=b")
}

func TestVirtctlOnInstances(t *testing.T) {
	v := newVirtctl(t)
	v.fail(`Error from server (NotFound): virtualmachineinstance.kubevirt.io "demo" not found`, "reset", "demo")
	create(t, v.namespace, newVM("demo"))
	for _, command := range []string{"reset", "soft-reboot", "freeze", "unfreeze", "guestosinfo", "userlist", "fslist"} {
		v.fail("Error: "+command+" VM demo: it is not running (virtctl start demo)", command, "demo")
	}
	vmi := setPhase(t, createVMI(t, v.namespace, newVMI("demo")), v1.Running, func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.NodeName, vmi.Status.EvacuationNodeName = "nowhere", "nowhere"
	})
	for _, command := range []string{"guestosinfo", "userlist", "fslist"} {
		v.fail("Error from server (Conflict): "+vmiConflict+"VMI does not have guest agent connected", command, "demo")
	}
	for _, command := range []string{"reset", "soft-reboot", "freeze", "unfreeze"} {
		v.fail(`Error from server (ServiceUnavailable): reach the plugin of node "nowhere": no virt-nodeplugin pod runs on the node`, command, "demo")
	}
	expectOutput(t, "evacuate-cancel --dry-run", v.run("evacuate-cancel", "vmi", "demo", "--dry-run"), "Dry Run execution\nEvacuation of VMI demo was canceled")
	if got := getVMI(t, v.namespace, "demo").Status.EvacuationNodeName; got != vmi.Status.EvacuationNodeName {
		t.Errorf("a dry run withdraws the order to leave node %q", vmi.Status.EvacuationNodeName)
	}
	v.run("evacuate-cancel", "vmi", "demo")
	if got := getVMI(t, v.namespace, "demo").Status.EvacuationNodeName; got != "" {
		t.Errorf("the guest still has to leave node %q", got)
	}
}

// TestVirtctlWaits plays the controller, and has virtctl wait for it.
func TestVirtctlWaits(t *testing.T) {
	v := newVirtctl(t)
	create(t, v.namespace, newVM("demo"))
	type outcome struct {
		code        int
		out, errOut string
	}
	wait := func(verb string) <-chan outcome {
		ended := make(chan outcome, 1)
		go func() {
			code, out, errOut := v.try(verb, "demo", "--wait", "--timeout=1m")
			ended <- outcome{code, out, errOut}
		}()
		return ended
	}
	started := wait("start")
	eventually(t, "the start", func(ctx context.Context) error {
		vm, err := machines(v.namespace).Get(ctx, "demo", metav1.GetOptions{})
		if err == nil && *vm.Spec.RunStrategy != v1.RunStrategyAlways {
			err = fmt.Errorf("the run strategy is %s", *vm.Spec.RunStrategy)
		}
		return err
	})
	vmi := createVMI(t, v.namespace, newVMI("demo"))
	vmi = setPhase(t, vmi, v1.Scheduling, func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.Conditions = []v1.VirtualMachineInstanceCondition{{Type: "PodScheduled", Status: v1.ConditionFalse, Message: "no node has room"}}
	})
	setPhase(t, vmi, v1.Running)
	if got := <-started; got.code != 0 || got.out != "VM demo was scheduled to start\nVM demo is running\n" {
		t.Errorf("start: %+v", got)
	}
	stopped := wait("stop")
	eventually(t, "the stop", func(ctx context.Context) error {
		vm, err := machines(v.namespace).Get(ctx, "demo", metav1.GetOptions{})
		if err == nil && *vm.Spec.RunStrategy != v1.RunStrategyHalted {
			err = fmt.Errorf("the run strategy is %s", *vm.Spec.RunStrategy)
		}
		return err
	})
	vmi = getVMI(t, v.namespace, "demo")
	vmi.Finalizers = nil
	must(instances(v.namespace).Update(t.Context(), vmi, metav1.UpdateOptions{}))(t)
	if err := instances(v.namespace).Delete(t.Context(), "demo", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if got := <-stopped; got.code != 0 || got.out != "VM demo was scheduled to stop\nVM demo has stopped\n" {
		t.Errorf("stop: %+v", got)
	}
}

// TestVirtctlOfAViewer holds that rights are asked for what a command does, and that refusals name them.
func TestVirtctlOfAViewer(t *testing.T) {
	v := newVirtctl(t)
	create(t, v.namespace, newVM("demo"))
	setPhase(t, createVMI(t, v.namespace, newVMI("demo")), v1.Running)
	bind(t, v.namespace, "looker", "kubevirt.io:view")
	viewer := v.as(throughHost(t, "looker"))
	viewer.fail("Error from server (Conflict): "+vmiConflict+"VMI does not have guest agent connected", "guestosinfo", "demo")
	viewer.run("expand", "--vm=demo")
	for command, what := range map[string]string{
		"reset demo":                         `virtualmachineinstances.subresources.kubevirt.io "demo" is forbidden: User "looker" cannot update resource "virtualmachineinstances/reset"`,
		"migrate demo":                       `virtualmachines.subresources.kubevirt.io "demo" is forbidden: User "looker" cannot update resource "virtualmachines/migrate"`,
		"expose vm demo --name=a --port=1":   `services is forbidden: User "looker" cannot create resource "services"`,
		"removevolume demo --volume-name=a":  `virtualmachines.subresources.kubevirt.io "demo" is forbidden: User "looker" cannot update resource "virtualmachines/removevolume"`,
		"adm log-verbosity --virt-handler=3": "",
	} {
		code, out, errOut := viewer.try(strings.Fields(command)...)
		if code != 1 || out != "" || what != "" && !strings.HasPrefix(errOut, "Error from server (Forbidden): "+what) {
			t.Errorf("%s: exit code %d, %s%s", command, code, out, errOut)
		}
	}
}

// TestVirtctlSettings works on a server of its own: others would see what is changed.
func TestVirtctlSettings(t *testing.T) {
	s := newSettings(t, "virtctl")
	v := virtctlOf{t: t, namespace: newNamespace(t)}.as(must(s.login("admin", "system:masters"))(t))
	v.fail("Error: the cluster has no KubeVirt object, which holds the settings; is virtplane installed?", "permitted-devices")
	must(s.kubevirts.Create(t.Context(), withConfiguration(t, "{developerConfiguration: {featureGates: [ObjectGraph], logVerbosity: {virtAPI: 2, nodeVerbosity: {node1: 5}}}}"),
		metav1.CreateOptions{}))(t)

	const rest = "virt-controller=default\nvirt-handler=default\nvirt-launcher=default\nvirt-operator=default"
	expectOutput(t, "log-verbosity", v.run("adm", "log-verbosity", "--all"), "virt-api=2\n"+rest)
	expectOutput(t, "a change", v.run("adm", "log-verbosity", "--virt-handler=7", "--virt-api=1"), "successfully set/reset the log verbosity")
	expectOutput(t, "log-verbosity", v.run("adm", "log-verbosity", "--virt-handler", "--virt-api"), "virt-api=1\nvirt-handler=7")
	verbosity := func() *v1.LogVerbosity {
		kv := must(s.kubevirts.Get(t.Context(), v1.KubeVirtName, metav1.GetOptions{}))(t)
		if gates := kv.Spec.Configuration.DeveloperConfiguration.FeatureGates; len(gates) != 1 {
			t.Errorf("the feature gates are %v", gates)
		}
		return kv.Spec.Configuration.DeveloperConfiguration.LogVerbosity
	}
	if got := verbosity(); got.NodeVerbosity["node1"] != 5 {
		t.Errorf("after a change the levels are %+v", got)
	}
	v.run("adm", "log-verbosity", "--reset", "--virt-handler=3")
	if got := verbosity(); got.VirtHandler != 3 || got.VirtAPI != 0 || len(got.NodeVerbosity) != 0 {
		t.Errorf("after a reset the levels are %+v", got)
	}
	v.run("adm", "log-verbosity", "--reset")
	expectOutput(t, "log-verbosity", v.run("adm", "log-verbosity", "--all"), "virt-api=default\n"+rest)
	expectOutput(t, "permitted-devices", v.run("permitted-devices"), "Permitted Devices: \nHost Devices: \n \nGPU Devices:")

	must(s.api.VirtualMachines(v.namespace).Create(t.Context(), newVM("demo", func(vm *v1.VirtualMachine) {
		vm.Spec.Template.Spec.Volumes[0].ContainerDisk.ImagePullSecret = "pull"
	}), metav1.CreateOptions{}))(t)
	if got := v.run("objectgraph", "demo"); !strings.Contains(got, `"kind": "VirtualMachine"`) {
		t.Errorf("objectgraph prints\n%s", got)
	}
	if got := v.run("objectgraph", "demo", "--selector=a=b", "--output=table"); got != "OBJECT                OPTIONAL   LABELS\nVirtualMachine/demo   -          kubevirt.io/dependency-type=compute\n" {
		t.Errorf("objectgraph of what nothing fits prints\n%s", got)
	}
}
