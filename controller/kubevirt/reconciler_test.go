// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/client/clientset/versioned/fake"
	"github.com/virtplane/virtplane/controller/store"
)

// rig is a Reconciler with a server in memory.
type rig struct {
	*Reconciler
	client *fake.Clientset
}

func newRig() *rig {
	client := fake.NewSimpleClientset()
	return &rig{client: client, Reconciler: &Reconciler{
		Client: client.KubevirtV1().KubeVirts("virt"), Namespace: "virt", Version: "v1", Image: "example.com/virt-launcher:2",
		KubeVirts:    store.New(store.Options[*v1.KubeVirt]{}),
		Deployments:  store.New(store.Options[*appsv1.Deployment]{}),
		StatefulSets: store.New(store.Options[*appsv1.StatefulSet]{}),
		DaemonSets:   store.New(store.Options[*appsv1.DaemonSet]{}),
		VMIs:         store.New(store.Options[*v1.VirtualMachineInstance]{}),
		Initial:      v1.KubeVirtSpec{Configuration: v1.KubeVirtConfiguration{DeveloperConfiguration: &v1.DeveloperConfiguration{UseEmulation: true}}},
	}}
}

// reconcile returns what was asked of the server.
func (r *rig) reconcile(t *testing.T, key types.NamespacedName) string {
	t.Helper()
	if _, err := r.Reconcile(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, a := range r.client.Actions() {
		out = append(out, strings.TrimSuffix(a.GetVerb()+" "+a.GetResource().Resource+"/"+a.GetSubresource(), "/"))
	}
	r.client.ClearActions()
	return strings.Join(out, ", ")
}

func (r *rig) expect(t *testing.T, when, want string) {
	t.Helper()
	if got := r.reconcile(t, r.Key()); got != want {
		t.Errorf("%s: %q, want %q", when, got, want)
	}
}

func TestTheObjectIsMadeAndToldAboutOnce(t *testing.T) {
	r := newRig()
	r.expect(t, "without an object", "create kubevirts")
	kv, err := r.Client.Get(t.Context(), v1.KubeVirtName, metav1.GetOptions{})
	if err != nil || !kv.Spec.Configuration.DeveloperConfiguration.UseEmulation {
		t.Fatalf("made %+v, %v", kv, err)
	}
	r.client.ClearActions()
	r.expect(t, "with an object", "update kubevirts/status")
	r.expect(t, "when all is told", "")
	r.Deployments.Put(&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "virt", Name: "virt-controller"}})
	r.expect(t, "after a change", "update kubevirts/status")

	key := r.Key()
	r.KubeVirts.Drop(key, r.KubeVirts.Get(key).UID)
	r.expect(t, "when another replica has made it anew", "create kubevirts")
	if got := r.reconcile(t, types.NamespacedName{Namespace: "elsewhere", Name: "kubevirt"}); got != "" {
		t.Errorf("an object elsewhere: %q", got)
	}
}

func TestGuestsOfAnOlderLauncherAreCounted(t *testing.T) {
	r := newRig()
	r.KubeVirts.Put(&v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Namespace: "virt", Name: "kubevirt"}})
	for i, vmi := range []v1.VirtualMachineInstanceStatus{
		{Phase: v1.Running, LauncherContainerImageVersion: "example.com/virt-launcher:1"},
		{Phase: v1.Running, LauncherContainerImageVersion: "example.com/virt-launcher:2"},
		{Phase: v1.Succeeded, LauncherContainerImageVersion: "example.com/virt-launcher:1"},
		{Phase: v1.Pending},
	} {
		r.VMIs.Put(&v1.VirtualMachineInstance{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: string(rune('a' + i))}, Status: vmi})
	}
	if got := r.outdated(); got != 1 {
		t.Errorf("counted %d", got)
	}
}

func TestPartsAreThoseOfTheManifests(t *testing.T) {
	r := newRig()
	var names []string
	for _, p := range r.parts() {
		names = append(names, p.Name)
	}
	if !slices.Equal(names, []string{"virt-apiserver", "virt-controller", "virt-nodeplugin"}) {
		t.Errorf("parts %v", names)
	}
}
