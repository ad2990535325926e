// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/controller"
	"github.com/virtplane/virtplane/test/kubeapiserver"
)

// launcherImage is that of a controller in tests; nothing runs it.
const launcherImage = "example.com/virtplane/virt-launcher:1"

// applyManifest applies those objects of a manifest of the installation that are of one kind, or all with an empty kind.
func applyManifest(t *testing.T, name, kind string) {
	t.Helper()
	text := string(must(os.ReadFile(filepath.Join("..", "..", "artifacts", "deploy", name+".yaml")))(t))
	documents := strings.Split(text, "\n---\n")
	if kind != "" {
		documents = slices.DeleteFunc(documents, func(d string) bool { return !strings.Contains(d, "\nkind: "+kind+"\n") })
	}
	if out, err := cluster.kubectlWithInput(strings.Join(documents, "\n---\n"), "apply", "--validate=false", "-f", "-"); err != nil {
		t.Fatalf("apply %s: %v: %s", name, err, out)
	}
}

// startController runs virt-controller with the rights of its service account until the test ends.
func startController(t *testing.T) {
	t.Helper()
	applyManifest(t, "controller-rbac", "")
	token := must(cluster.core.CoreV1().ServiceAccounts(systemNamespace).CreateToken(t.Context(), "virt-controller",
		&authenticationv1.TokenRequest{}, metav1.CreateOptions{}))(t)
	const kubeconfig = "virt-controller.kubeconfig"
	if err := cluster.writeKubeconfig(kubeconfig, &clientcmdapi.AuthInfo{Token: token.Status.Token}); err != nil {
		t.Fatal(err)
	}
	o := controller.NewOptions()
	o.Kubeconfig, o.LauncherImage, o.UseEmulation = cluster.file(kubeconfig), launcherImage, true
	o.HealthPort = must(strconv.Atoi(must(kubeapiserver.FreePort())(t)))(t)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- controller.Run(ctx, o) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("virt-controller ended: %v", err)
		}
	})
}

// awaitKubeVirt waits until the object says of the installation what is wanted, and returns it.
func awaitKubeVirt(t *testing.T, what string, wrong func(*v1.KubeVirt) string) *v1.KubeVirt {
	t.Helper()
	var kv *v1.KubeVirt
	eventually(t, what, func(ctx context.Context) error {
		var err error
		if kv, err = cluster.client.KubevirtV1().KubeVirts(systemNamespace).Get(ctx, v1.KubeVirtName, metav1.GetOptions{}); err != nil {
			return err
		}
		if problem := wrong(kv); problem != "" {
			return errors.New(problem)
		}
		return nil
	})
	return kv
}

func conditions(kv *v1.KubeVirt) string {
	out := []string{string(kv.Status.Phase)}
	for _, c := range kv.Status.Conditions {
		out = append(out, fmt.Sprintf("%s=%s", c.Type, c.Status))
	}
	return strings.Join(out, " ")
}

func saying(want string) func(*v1.KubeVirt) string {
	return func(kv *v1.KubeVirt) string {
		if got := conditions(kv); got != want {
			return fmt.Sprintf("got %s, want %s: %+v", got, want, kv.Status.Conditions)
		}
		return ""
	}
}

// setReady says of the workloads what their controllers would.
func setReady(t *testing.T, nodes, ready int32) {
	t.Helper()
	apps := cluster.core.AppsV1()
	d := must(apps.Deployments(systemNamespace).Get(t.Context(), "virt-controller", metav1.GetOptions{}))(t)
	d.Status.Replicas, d.Status.ReadyReplicas, d.Status.UpdatedReplicas, d.Status.ObservedGeneration = 1, 1, 1, d.Generation
	must(apps.Deployments(systemNamespace).UpdateStatus(t.Context(), d, metav1.UpdateOptions{}))(t)
	s := must(apps.StatefulSets(systemNamespace).Get(t.Context(), "virt-apiserver", metav1.GetOptions{}))(t)
	s.Status.Replicas, s.Status.ReadyReplicas, s.Status.UpdatedReplicas, s.Status.ObservedGeneration = 1, 1, 1, s.Generation
	must(apps.StatefulSets(systemNamespace).UpdateStatus(t.Context(), s, metav1.UpdateOptions{}))(t)
	n := must(apps.DaemonSets(systemNamespace).Get(t.Context(), "virt-nodeplugin", metav1.GetOptions{}))(t)
	n.Status.DesiredNumberScheduled, n.Status.NumberReady, n.Status.UpdatedNumberScheduled, n.Status.ObservedGeneration = nodes, ready, nodes, n.Generation
	must(apps.DaemonSets(systemNamespace).UpdateStatus(t.Context(), n, metav1.UpdateOptions{}))(t)
}

// launcherOf waits for the pod that virt-controller makes for an instance.
func launcherOf(t *testing.T, vmi *v1.VirtualMachineInstance) *corev1.Pod {
	t.Helper()
	var pod *corev1.Pod
	eventually(t, "a pod of "+vmi.Name, func(ctx context.Context) error {
		pods, err := cluster.core.CoreV1().Pods(vmi.Namespace).List(ctx, metav1.ListOptions{LabelSelector: v1.CreatedByLabel + "=" + string(vmi.UID)})
		if err != nil {
			return err
		}
		if len(pods.Items) != 1 {
			return fmt.Errorf("there are %d", len(pods.Items))
		}
		pod = &pods.Items[0]
		return nil
	})
	return pod
}

func TestTheControllerKeepsTheSettings(t *testing.T) {
	kubevirts := cluster.client.KubevirtV1().KubeVirts(systemNamespace)
	// Cleanups run from the last to the first: a controller that ran on would make the object anew.
	t.Cleanup(func() {
		ctx, apps := context.Background(), cluster.core.AppsV1()
		for _, err := range []error{
			kubevirts.Delete(ctx, v1.KubeVirtName, metav1.DeleteOptions{}),
			apps.Deployments(systemNamespace).Delete(ctx, "virt-controller", metav1.DeleteOptions{}),
			apps.StatefulSets(systemNamespace).Delete(ctx, "virt-apiserver", metav1.DeleteOptions{}),
			apps.DaemonSets(systemNamespace).Delete(ctx, "virt-nodeplugin", metav1.DeleteOptions{}),
		} {
			if err != nil && !apierrors.IsNotFound(err) {
				t.Error(err)
			}
		}
	})
	startController(t)
	kv := awaitKubeVirt(t, "an object of its own", saying("Deploying Available=False Progressing=True Degraded=True Created=False"))
	if d := kv.Spec.Configuration.DeveloperConfiguration; d == nil || !d.UseEmulation {
		t.Error("the object does not say that guests are emulated")
	}
	// The names and labels are those of the manifests.
	applyManifest(t, "controller", "Deployment")
	applyManifest(t, "apiserver", "StatefulSet")
	applyManifest(t, "nodeplugin", "DaemonSet")
	awaitKubeVirt(t, "all parts", saying("Deploying Available=False Progressing=True Degraded=True Created=True"))
	setReady(t, 2, 2)
	kv = awaitKubeVirt(t, "an installation that is ready", saying("Deployed Available=True Progressing=False Degraded=False Created=True"))
	if s := kv.Status; s.ObservedKubeVirtVersion == "" || s.ObservedKubeVirtVersion != s.TargetKubeVirtVersion || *s.ObservedGeneration != kv.Generation ||
		s.DefaultArchitecture != "amd64" || s.TargetKubeVirtRegistry != "example.com/virtplane" {
		t.Errorf("status %+v", s)
	}
	setReady(t, 2, 1)
	awaitKubeVirt(t, "a node that fails", saying("Deployed Available=True Progressing=False Degraded=True Created=True"))
	if err := kubevirts.Delete(t.Context(), v1.KubeVirtName, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	again := awaitKubeVirt(t, "another object", func(now *v1.KubeVirt) string {
		if now.UID == kv.UID {
			return "it is still the first one"
		}
		return ""
	})

	ns := newNamespace(t)
	// Pods need one, and nobody else makes it in this cluster.
	must(cluster.core.CoreV1().ServiceAccounts(ns).Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default"}}, metav1.CreateOptions{}))(t)
	before := launcherOf(t, createVMI(t, ns, newVMI("before"))).Spec.Containers[0]
	if cpu := before.Resources.Requests.Cpu().String(); cpu != "100m" || !slices.Contains(before.Args, "--allow-emulation") || before.ImagePullPolicy != corev1.PullIfNotPresent {
		t.Errorf("by the defaults: CPU %s, arguments %v, pull policy %s", cpu, before.Args, before.ImagePullPolicy)
	}
	must(kubevirts.Patch(t.Context(), again.Name, types.MergePatchType, []byte(`{"spec": {"configuration": {"imagePullPolicy": "Always",
"developerConfiguration": {"cpuAllocationRatio": 2, "logVerbosity": {"virtLauncher": 3}}}}}`), metav1.PatchOptions{}))(t)
	attempt := 0
	eventually(t, "pods by the new settings", func(context.Context) error {
		attempt++
		after := launcherOf(t, createVMI(t, ns, newVMI(fmt.Sprint("after-", attempt)))).Spec.Containers[0]
		if cpu := after.Resources.Requests.Cpu().String(); cpu != "500m" || !slices.Contains(after.Args, "--v=3") || after.ImagePullPolicy != corev1.PullAlways {
			return fmt.Errorf("CPU %s, arguments %v, pull policy %s", cpu, after.Args, after.ImagePullPolicy)
		}
		return nil
	})
	awaitKubeVirt(t, "the settings are seen", func(now *v1.KubeVirt) string {
		if now.Status.ObservedGeneration == nil || *now.Status.ObservedGeneration != now.Generation {
			return fmt.Sprintf("generation %d, observed %v", now.Generation, now.Status.ObservedGeneration)
		}
		return ""
	})
}
