// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	clientset "github.com/virtplane/virtplane/client/clientset/versioned"
	kubevirtv1 "github.com/virtplane/virtplane/client/clientset/versioned/typed/kubevirt/v1"
	"github.com/virtplane/virtplane/test/kubeapiserver"
)

// setName is that of the manifests: the service account may read no other stateful set.
const setName = "virt-apiserver"

// replicas are virt-apiserver processes whose embedded etcd members form one cluster. No controller runs, so the test
// starts and ends what the stateful set would.
type replicas struct {
	t    *testing.T
	name string
	// address is where the members reach each other, on loopback addresses of their own.
	address string
	all     []*replica
}

type replica struct {
	*server
	log string
	api kubevirtv1.KubevirtV1Interface
}

func newReplicas(t *testing.T, name string, count int32) *replicas {
	t.Helper()
	labels := map[string]string{"test": name}
	sets := cluster.core.AppsV1().StatefulSets(systemNamespace)
	must(sets.Create(t.Context(), &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Name: setName},
		Spec: appsv1.StatefulSetSpec{
			Replicas: &count, ServiceName: setName + "-peers", Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "server", Image: "example.com/server:1"}}},
			},
		},
	}, metav1.CreateOptions{}))(t)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := sets.Delete(ctx, setName, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
		err := cluster.core.CoreV1().ConfigMaps(systemNamespace).Delete(ctx, "virtplane-etcd", metav1.DeleteOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			t.Error(err)
		}
	})
	return &replicas{t: t, name: name, address: fmt.Sprintf("127.%d.%d.1{ordinal}:2380", 64+rand.IntN(64), rand.IntN(256))}
}

// scale sets how many replicas there are to be.
func (r *replicas) scale(count int) {
	r.t.Helper()
	patch := fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, count)
	must(cluster.core.AppsV1().StatefulSets(systemNamespace).Patch(r.t.Context(), setName, types.MergePatchType, patch, metav1.PatchOptions{}))(r.t)
}

// add begins to run the next replica.
func (r *replicas) add() *replica {
	r.t.Helper()
	ordinal := len(r.all)
	name := fmt.Sprintf("%s-%d", r.name, ordinal)
	s := &replica{server: must(cluster.newServer(cluster.file(name)))(r.t), log: cluster.file(name + ".log")}
	s.flags = []string{fmt.Sprintf("--etcd-member=%s-%d", setName, ordinal), "--etcd-peer-address=" + r.address}
	r.all = append(r.all, s)
	s.begin(r.t)
	r.t.Cleanup(func() {
		if s.process != nil {
			// A process that is stopped ends as well.
			_ = s.process.Process.Kill()
			<-s.done
		}
		s.listener.Close()
		if r.t.Failed() {
			r.t.Logf("the end of the log of %s: %s", name, kubeapiserver.Tail(s.log))
		}
	})
	return s
}

func (s *replica) begin(t *testing.T) {
	t.Helper()
	if err := s.spawn(s.log); err != nil {
		t.Fatal(err)
	}
}

// await waits until the replica is ready, and has a client for it.
func (s *replica) await(t *testing.T) {
	t.Helper()
	if err := s.wait(t.Context()); err != nil {
		t.Fatalf("%v: %s", err, kubeapiserver.Tail(s.log))
	}
	if s.api == nil {
		s.api = must(clientset.NewForConfig(must(s.login("admin", "system:masters"))(t)))(t).KubevirtV1()
	}
}

// terminate ends the replica as the kubelet does.
func (s *replica) terminate() error {
	err := s.server.terminate()
	s.process = nil
	return err
}

func (s *replica) signal(sig syscall.Signal) error { return s.process.Process.Signal(sig) }

// TestReplicasGrowAndShrinkUnderLoad goes from one to three, replaces each, and goes back, while a client writes through
// whichever answers, and holds that nothing acknowledged is lost and that writes never stop for long.
func TestReplicasGrowAndShrinkUnderLoad(t *testing.T) {
	const longest = 8 * time.Second
	ns := newNamespace(t)
	r := newReplicas(t, "grow", 1)
	r.add().await(t)

	ctx, cancel := context.WithCancel(t.Context())
	written := &acknowledged{hostnames: map[string]int{}}
	gap := make(chan time.Duration, 1)
	var serving atomic.Pointer[replica]
	serving.Store(r.all[0])
	go func() {
		last, worst := time.Now(), time.Duration(0)
		for i := 0; ctx.Err() == nil; i++ {
			name := fmt.Sprint("vm-", i)
			// The Service sends clients to replicas that are ready.
			s := serving.Load()
			attempt, cancel := context.WithTimeout(ctx, 2*time.Second)
			_, err := s.api.VirtualMachines(ns).Create(attempt, newVM(name), metav1.CreateOptions{})
			cancel()
			if err != nil {
				continue
			}
			written.add(name, 0)
			worst, last = max(worst, time.Since(last)), time.Now()
		}
		gap <- worst
	}()
	wait := func() {
		t.Helper()
		before := written.count.Load()
		eventually(t, "more writes", func(context.Context) error {
			if written.count.Load() < before+20 {
				return errors.New("no more writes")
			}
			return nil
		})
	}
	wait()
	r.scale(3)
	one, two := r.add(), r.add()
	one.await(t)
	two.await(t)
	wait()
	// As a stateful set does for an upgrade: from the last to the first, each when the one before is ready again.
	for i := len(r.all) - 1; i >= 0; i-- {
		s := r.all[i]
		serving.Store(r.all[(i+1)%len(r.all)])
		if err := s.terminate(); err != nil {
			t.Errorf("replica %d ended with %v", i, err)
		}
		s.begin(t)
		s.await(t)
		wait()
	}
	serving.Store(r.all[0])
	r.scale(1)
	ended := make(chan error, 2)
	for _, s := range []*replica{one, two} {
		go func() { ended <- s.terminate() }()
	}
	for range 2 {
		if err := <-ended; err != nil {
			t.Errorf("a replica ended with %v", err)
		}
	}
	wait()
	cancel()
	if worst := <-gap; worst > longest {
		t.Errorf("writes stopped for %s", worst)
	} else {
		t.Logf("writes stopped for at most %s, %d were acknowledged", worst, written.count.Load())
	}
	list := must(r.all[0].api.VirtualMachines(ns).List(t.Context(), metav1.ListOptions{}))(t)
	found := map[string]bool{}
	for i := range list.Items {
		found[list.Items[i].Name] = true
	}
	for name := range written.hostnames {
		if !found[name] {
			t.Errorf("%s was acknowledged and is not there", name)
		}
	}
	members := must(dialEtcd(t, r.all[0].server).MemberList(t.Context()))(t)
	if len(members.Members) != 1 {
		t.Errorf("the cluster has %d members, want 1", len(members.Members))
	}
}

// TestReplicasServeOneClusterAndTellOfIt holds that each replica shows what another wrote, and its member in metrics.
func TestReplicasServeOneClusterAndTellOfIt(t *testing.T) {
	ns := newNamespace(t)
	r := newReplicas(t, "three", 3)
	for range 3 {
		r.add()
	}
	for _, s := range r.all {
		s.await(t)
	}
	must(r.all[1].api.VirtualMachines(ns).Create(t.Context(), newVM("demo"), metav1.CreateOptions{}))(t)
	leaders := 0
	for i, s := range r.all {
		must(s.api.VirtualMachines(ns).Get(t.Context(), "demo", metav1.GetOptions{}))(t)
		login := must(s.login("admin", "system:masters"))(t)
		eventually(t, "metrics of the member", func(ctx context.Context) error {
			metrics, err := send(ctx, login, "GET", "/metrics", "", nil)
			if err != nil {
				return err
			}
			for _, want := range []string{`virtplane_etcd_members{role="voter"} 3`, "etcd_server_has_leader 1", "etcd_server_leader_changes_seen_total"} {
				if !strings.Contains(metrics.body, want) {
					return fmt.Errorf("replica %d does not show %s", i, want)
				}
			}
			leaders += strings.Count(metrics.body, "etcd_server_is_leader 1")
			return nil
		})
	}
	if leaders != 1 {
		t.Errorf("%d replicas show that they lead, want 1", leaders)
	}
	// Without a majority a replica says so and is left out of the Service, and comes back by itself.
	for _, s := range r.all[1:] {
		if err := s.signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
	}
	anonymous := rest.AnonymousClientConfig(must(r.all[0].login("admin"))(t))
	admin := must(r.all[0].login("admin", "system:masters"))(t)
	eventually(t, "a replica without majority is not ready", func(ctx context.Context) error {
		a, err := send(ctx, anonymous, "GET", "/readyz", "", nil)
		if err != nil || a.code != 500 {
			return fmt.Errorf("it answers %d, %v", a.code, err)
		}
		return nil
	})
	a := must(send(t.Context(), admin, "GET", "/readyz/etcd-member", "", nil))(t)
	if !strings.Contains(a.body, "2 of 3 members must run") {
		t.Errorf("it says %s", a.body)
	}
	if a := must(send(t.Context(), admin, "GET", "/livez?exclude=etcd", "", nil))(t); a.code != 200 {
		t.Errorf("it is not alive: %s", a.body)
	}
	for _, s := range r.all[1:] {
		if err := s.signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range r.all {
		s.await(t)
	}
}

// TestARestoreOfThreeReplicas follows the documented way: shrink to one, restore, grow to three. The others give up what
// they have, so that there is one history, before and after.
func TestARestoreOfThreeReplicas(t *testing.T) {
	ns := newNamespace(t)
	r := newReplicas(t, "replace", 3)
	for range 3 {
		r.add()
	}
	for _, s := range r.all {
		s.await(t)
	}
	first := r.all[0]
	must(first.api.VirtualMachines(ns).Create(t.Context(), newVM("kept"), metav1.CreateOptions{}))(t)
	file, told, err := runCommand(t, nil, "backup", "--data-dir="+first.dataDir, "-")
	if err != nil {
		t.Fatalf("backup: %v: %s", err, told)
	}
	late := must(r.all[2].api.VirtualMachines(ns).Create(t.Context(), newVM("late"), metav1.CreateOptions{}))(t)
	if _, _, err := runCommand(t, file, "restore", "--data-dir="+first.dataDir, "--replace", "-"); err == nil || !strings.Contains(err.Error(), "scale the StatefulSet to one replica") {
		t.Fatalf("restore beneath three replicas: %v", err)
	}
	r.scale(1)
	for _, s := range r.all[1:] {
		if err := s.terminate(); err != nil {
			t.Errorf("a replica ended with %v", err)
		}
	}
	if _, told, err := runCommand(t, file, "restore", "--data-dir="+first.dataDir, "--replace", "-"); err != nil {
		t.Fatalf("restore: %v: %s: %s", err, told, kubeapiserver.Tail(first.log))
	}
	r.scale(3)
	for _, s := range r.all[1:] {
		s.begin(t)
	}
	for i, s := range r.all {
		s.await(t)
		list := must(s.api.VirtualMachines(ns).List(t.Context(), metav1.ListOptions{}))(t)
		if len(list.Items) != 1 || list.Items[0].Name != "kept" {
			t.Errorf("replica %d holds %v", i, list.Items)
		}
		_, err := s.api.VirtualMachines(ns).List(t.Context(), metav1.ListOptions{ResourceVersion: late.ResourceVersion, ResourceVersionMatch: metav1.ResourceVersionMatchExact})
		if !apierrors.IsResourceExpired(err) {
			t.Errorf("replica %d shows a version of before: %v, want 410 Expired", i, err)
		}
	}
	members := must(dialEtcd(t, first.server).MemberList(t.Context()))(t)
	if len(members.Members) != 3 {
		t.Errorf("the cluster has %d members, want 3", len(members.Members))
	}
}
