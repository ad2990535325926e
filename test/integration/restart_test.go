// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	clientv3 "go.etcd.io/etcd/client/v3"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/storage/value"
	"k8s.io/client-go/rest"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/apiserver/compression"
	"github.com/virtplane/virtplane/apiserver/embeddedetcd"
	clientset "github.com/virtplane/virtplane/client/clientset/versioned"
	kubevirtv1 "github.com/virtplane/virtplane/client/clientset/versioned/typed/kubevirt/v1"
	"github.com/virtplane/virtplane/test/kubeapiserver"
)

func dialEtcd(t *testing.T, s *server) *clientv3.Client {
	t.Helper()
	etcd := must(clientv3.New(clientv3.Config{Endpoints: []string{embeddedetcd.Endpoint(s.dataDir)}, DialTimeout: patience}))(t)
	t.Cleanup(func() { etcd.Close() })
	return etcd
}

func TestObjectsAreStoredAsProtobuf(t *testing.T) {
	ns := newNamespace(t)
	create(t, ns, newVM("demo"))
	createVMI(t, ns, newVMI("demo"))
	etcd := dialEtcd(t, cluster.server)
	for _, resource := range []string{"virtualmachines", "virtualmachineinstances"} {
		key := "/registry/virtplane.io/kubevirt.io/" + resource + "/" + ns + "/demo"
		stored := must(etcd.Get(t.Context(), key))(t)
		if len(stored.Kvs) != 1 {
			t.Fatalf("%s is not in etcd", key)
		}
		if plain := expand(t, stored.Kvs[0].Value); !bytes.HasPrefix(plain, []byte("k8s\x00")) || !bytes.Contains(plain, []byte("kubevirt.io/v1")) {
			t.Errorf("%s is stored as %.80q", key, plain)
		}
	}
	// Nothing is stored that the object does not say: a VM keeps what the user typed.
	key := "/registry/virtplane.io/kubevirt.io/virtualmachines/" + ns + "/demo"
	if plain := expand(t, must(etcd.Get(t.Context(), key))(t).Kvs[0].Value); bytes.Contains(plain, []byte("q35")) {
		t.Error("defaults of the instance are stored in the virtual machine")
	}
}

// expand returns what a value in etcd was before it was compressed.
func expand(t *testing.T, stored []byte) []byte {
	t.Helper()
	transformer := must(compression.New(nil))(t)
	plain, _, err := transformer.TransformFromStorage(t.Context(), stored, value.DefaultContext(nil))
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

// ownServer is a virt-apiserver in a process of its own, for one test.
type ownServer struct {
	*server
	log string
	api kubevirtv1.KubevirtV1Interface
}

func startOwnServer(t *testing.T, name string, flags ...string) *ownServer {
	t.Helper()
	s := &ownServer{server: must(cluster.newServer(cluster.file(name)))(t), log: cluster.file(name + ".log")}
	s.flags = flags
	s.start(t)
	s.api = s.client(t)
	t.Cleanup(func() {
		if err := s.kill(); err != nil {
			t.Error(err)
		}
		s.listener.Close()
		if t.Failed() {
			t.Logf("the end of its log: %s", kubeapiserver.Tail(s.log))
		}
	})
	return s
}

func (s *ownServer) start(t *testing.T) {
	t.Helper()
	if err := s.startProcess(t.Context(), s.log); err != nil {
		t.Fatalf("%v: %s", err, kubeapiserver.Tail(s.log))
	}
}

// client returns a client with connections of its own.
func (s *ownServer) client(t *testing.T) kubevirtv1.KubevirtV1Interface {
	t.Helper()
	config := must(s.login("admin", "system:masters"))(t)
	config.Timeout = patience
	return must(clientset.NewForConfig(config))(t).KubevirtV1()
}

// acknowledged collects the writes that a server has answered with success.
type acknowledged struct {
	mu sync.Mutex
	// hostnames is the value that each object has at least been given, by name.
	hostnames map[string]int
	count     atomic.Int64
}

func (a *acknowledged) add(name string, value int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hostnames[name] = value
	a.count.Add(1)
}

// write creates an object and updates it again and again until ctx ends, and records each success.
func (a *acknowledged) write(ctx context.Context, api kubevirtv1.VirtualMachineInterface, prefix string) {
	for i := 0; ctx.Err() == nil; i++ {
		name := fmt.Sprint(prefix, "-", i)
		if _, err := api.Create(ctx, newVM(name), metav1.CreateOptions{}); err != nil {
			continue // the server is down; whether it wrote is open
		}
		a.add(name, 0)
		for value := 1; value <= 3 && ctx.Err() == nil; value++ {
			patch := fmt.Appendf(nil, `{"spec":{"template":{"spec":{"hostname":"h%d"}}}}`, value)
			if _, err := api.Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
				break // a later value may have been written or not
			}
			a.add(name, value)
		}
	}
}

// verify holds that nothing of what was acknowledged is lost.
func (a *acknowledged) verify(t *testing.T, api kubevirtv1.VirtualMachineInterface) {
	t.Helper()
	stored := map[string]v1.VirtualMachine{}
	for _, vm := range must(api.List(t.Context(), metav1.ListOptions{}))(t).Items {
		stored[vm.Name] = vm
	}
	for name, value := range a.hostnames {
		vm, ok := stored[name]
		if !ok {
			t.Errorf("%s was acknowledged and is lost", name)
			continue
		}
		got, _ := strconv.Atoi(strings.TrimPrefix(vm.Spec.Template.Spec.Hostname, "h"))
		// The write after the last acknowledged one may have been stored without an answer.
		if got != value && got != value+1 {
			t.Errorf("%s was set to %d and holds %d", name, value, got)
		}
	}
}

// TestNoAcknowledgedWriteIsLost kills the server like a crash does while clients write, three times.
func TestNoAcknowledgedWriteIsLost(t *testing.T) {
	const (
		writers = 4
		kills   = 3
		between = 60 // writes that are acknowledged before each kill
	)
	ns := newNamespace(t)
	s := startOwnServer(t, "crash")
	a := &acknowledged{hostnames: map[string]int{}}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var running sync.WaitGroup
	for i := range writers {
		api := s.client(t).VirtualMachines(ns)
		running.Go(func() { a.write(ctx, api, fmt.Sprint("w", i)) })
	}
	for range kills {
		enough := a.count.Load() + between
		eventually(t, "writes before the kill", func(context.Context) error {
			if n := a.count.Load(); n < enough {
				return fmt.Errorf("%d of %d writes", n, enough)
			}
			return nil
		})
		if err := s.kill(); err != nil {
			t.Fatal(err)
		}
		s.start(t)
	}
	stop()
	running.Wait()

	a.verify(t, s.api.VirtualMachines(ns))
	t.Logf("%d acknowledged writes of %d objects survived %d kills", a.count.Load(), len(a.hostnames), kills)
}

// TestAfterARestart holds what clients find when the server comes back: the same objects, the same
// versions, and a clear answer where history is gone.
func TestAfterARestart(t *testing.T) {
	ns := newNamespace(t)
	s := startOwnServer(t, "restart")
	api := s.api.VirtualMachines(ns)
	first := must(api.Create(t.Context(), newVM("one"), metav1.CreateOptions{}))(t)
	must(api.Create(t.Context(), newVM("two"), metav1.CreateOptions{}))(t)
	before := must(api.List(t.Context(), metav1.ListOptions{}))(t)
	page := must(api.List(t.Context(), metav1.ListOptions{Limit: 1}))(t)
	// More is written, and the history before it is compacted, as the server does itself over time.
	must(api.Patch(t.Context(), "one", types.MergePatchType, []byte(`{"metadata":{"labels":{"a":"b"}}}`), metav1.PatchOptions{}))(t)
	three := must(api.Create(t.Context(), newVM("three"), metav1.CreateOptions{}))(t)
	revision := must(strconv.ParseInt(three.ResourceVersion, 10, 64))(t)
	must(dialEtcd(t, s.server).Compact(t.Context(), revision))(t)
	after := must(api.List(t.Context(), metav1.ListOptions{}))(t)

	if err := s.kill(); err != nil {
		t.Fatal(err)
	}
	s.start(t)
	api = s.client(t).VirtualMachines(ns)
	again := must(api.List(t.Context(), metav1.ListOptions{}))(t)
	if diff := cmp.Diff(after.Items, again.Items); diff != "" {
		t.Errorf("the objects changed over the restart:\n%s", diff)
	}

	_, err := api.List(t.Context(), metav1.ListOptions{ResourceVersion: before.ResourceVersion, ResourceVersionMatch: metav1.ResourceVersionMatchExact})
	if !apierrors.IsResourceExpired(err) {
		t.Errorf("list of a compacted version: %v, want 410 Expired", err)
	}
	w, err := api.Watch(t.Context(), metav1.ListOptions{ResourceVersion: first.ResourceVersion})
	if err == nil {
		event := next(t, w)
		w.Stop()
		err = apierrors.FromObject(event.Object)
	}
	expectStatus(t, "watch from a compacted version", err, http.StatusGone, "")
	_, err = api.List(t.Context(), metav1.ListOptions{Limit: 1, Continue: page.Continue})
	status, ok := err.(apierrors.APIStatus)
	if !ok || !apierrors.IsResourceExpired(err) || status.Status().Continue == "" {
		t.Errorf("next page of a compacted list: %v, want 410 Expired with a token to go on with", err)
	} else if list := must(api.List(t.Context(), metav1.ListOptions{Continue: status.Status().Continue}))(t); !slices.Equal(names(list), []string{"three", "two"}) {
		t.Errorf("the list goes on with %v", names(list))
	}

	// A watch that has seen the last version goes on where it was.
	w = must(api.Watch(t.Context(), metav1.ListOptions{ResourceVersion: after.ResourceVersion}))(t)
	defer w.Stop()
	must(api.Create(t.Context(), newVM("four"), metav1.CreateOptions{}))(t)
	expectEvent(t, w, "ADDED", "four")
}

// TestTheServerEndsWhenAsked holds that a stop is quick and orderly, with watches open.
func TestTheServerEndsWhenAsked(t *testing.T) {
	s := must(cluster.newServer(cluster.file("stop")))(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	o := must(cluster.options(s.dataDir))(t)
	o.Recommended.SecureServing.Listener = s.listener
	go func() { s.done <- o.Run(ctx) }()
	if err := s.wait(ctx); err != nil {
		t.Fatal(err)
	}
	client := must(clientset.NewForConfig(must(s.login("admin", "system:masters"))(t)))(t).KubevirtV1()
	w := must(client.VirtualMachines("").Watch(t.Context(), metav1.ListOptions{}))(t)
	defer w.Stop()
	begin := time.Now()
	stop()
	select {
	case err := <-s.done:
		if err != nil {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(patience):
		t.Fatal("it does not end")
	}
	if took := time.Since(begin); took > 20*time.Second {
		t.Errorf("it took %s to end", took)
	}
	stranger := rest.AnonymousClientConfig(&rest.Config{Host: s.url(), TLSClientConfig: rest.TLSClientConfig{CAData: s.ca}})
	if _, err := send(t.Context(), stranger, http.MethodGet, "/readyz", "", nil); err == nil {
		t.Error("it still answers")
	}
}
