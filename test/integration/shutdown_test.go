// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	clientset "github.com/virtplane/virtplane/client/clientset/versioned"
	"github.com/virtplane/virtplane/test/kubeapiserver"
)

// TestAStopEndsWatchesAndConsoles holds that SIGTERM with clients connected is no crash: what was asked
// is answered, watches end in order, consoles end, and nothing of it is an error in the log.
func TestAStopEndsWatchesAndConsoles(t *testing.T) {
	s := must(cluster.newServer(cluster.file("sigterm")))(t)
	defer s.listener.Close()
	log := cluster.file("sigterm.log")
	if err := s.startProcess(t.Context(), log); err != nil {
		t.Fatalf("%v: %s", err, kubeapiserver.Tail(log))
	}
	login := must(s.login("admin", "system:masters"))(t)
	api := must(clientset.NewForConfig(login))(t).KubevirtV1()
	ns := newNamespace(t)
	p := startPlugin(t, "sigterm-node")
	vmi := must(api.VirtualMachineInstances(ns).Create(t.Context(), newVMI("demo"), metav1.CreateOptions{}))(t)
	vmi.Status.Phase, vmi.Status.NodeName = "Running", p.node
	must(api.VirtualMachineInstances(ns).UpdateStatus(t.Context(), vmi, metav1.UpdateOptions{}))(t)
	var console *websocket.Conn
	eventually(t, "console", func(context.Context) error {
		var err error
		console, _, err = dialConsole(t, login, pathOf("kubevirt.io", ns, "virtualmachineinstances", "demo")+"/console", nil)
		return err
	})
	defer console.Close()
	const watches = 20
	var ended sync.WaitGroup
	var events atomic.Int64
	for range watches {
		w := must(api.VirtualMachines(ns).Watch(t.Context(), metav1.ListOptions{}))(t)
		ended.Go(func() {
			for event := range w.ResultChan() {
				if event.Type == "ERROR" {
					t.Errorf("a watch ends with %v", event.Object)
				}
				events.Add(1)
			}
		})
	}

	begin := time.Now()
	if err := s.terminate(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	if took := time.Since(begin); took > 15*time.Second {
		t.Errorf("it took %s to end", took)
	}
	ended.Wait()
	if err := console.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	var timeout net.Error
	if _, _, err := console.ReadMessage(); err == nil || errors.As(err, &timeout) && timeout.Timeout() {
		t.Errorf("the console of an ended server: %v", err)
	}
	expectQuiet(t, log)
}

// expectQuiet fails on lines of errors in a server's log.
func expectQuiet(t *testing.T, log string, except ...string) {
	t.Helper()
lines:
	for line := range strings.Lines(string(must(os.ReadFile(log))(t))) {
		if !strings.HasPrefix(line, "E") && !strings.HasPrefix(line, "F") && !strings.Contains(line, `"level":"error"`) && !strings.HasPrefix(line, "panic") {
			continue
		}
		for _, part := range except {
			if strings.Contains(line, part) {
				continue lines
			}
		}
		t.Errorf("an error in the log: %s", line)
	}
}

// balancer passes connections on to the servers in rotation, as kube-proxy does for a Service.
type balancer struct {
	listener net.Listener
	// mu guards targets and turn.
	mu      sync.Mutex
	targets map[string]bool
	turn    int
}

func newBalancer(t *testing.T) *balancer {
	t.Helper()
	b := &balancer{listener: must(net.Listen("tcp", "127.0.0.1:0"))(t), targets: map[string]bool{}}
	go b.serve()
	t.Cleanup(func() { b.listener.Close() })
	return b
}

func (b *balancer) set(s *server, in bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.targets[s.listener.Addr().String()] = in
}

func (b *balancer) next() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var in []string
	for target, ok := range b.targets {
		if ok {
			in = append(in, target)
		}
	}
	if len(in) == 0 {
		return ""
	}
	b.turn++
	return in[b.turn%len(in)]
}

func (b *balancer) serve() {
	for {
		conn, err := b.listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			target, err := net.Dial("tcp", b.next())
			if err != nil {
				return
			}
			defer target.Close()
			go func() {
				_, _ = io.Copy(target, conn)
				target.Close()
			}()
			_, _ = io.Copy(conn, target)
		}()
	}
}

// unavailable is how long kube-apiserver may answer 503 because it found that a replica ends.
const unavailable = time.Second

// retrier is a client which tries again when a server is unavailable for a moment.
type retrier struct {
	mu      sync.Mutex
	again   int
	longest time.Duration
}

// do makes a request. done recognizes the answer that tells that an earlier attempt was carried out after all.
func (p *retrier) do(t *testing.T, what string, done func(error) bool, request func() error) {
	began := time.Now()
	err := request()
	for apierrors.IsServiceUnavailable(err) && time.Since(began) < unavailable {
		time.Sleep(20 * time.Millisecond) // what a client does
		if err = request(); err != nil && done != nil && done(err) {
			err = nil
		}
		p.mu.Lock()
		p.again, p.longest = p.again+1, max(p.longest, time.Since(began))
		p.mu.Unlock()
	}
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

// TestTwoReplicasRollWithoutAFailedRequest restarts one replica after the other under load through
// kube-apiserver, as an update of the deployment does.
func TestTwoReplicasRollWithoutAFailedRequest(t *testing.T) {
	h := secondHost(t)
	b := newBalancer(t)
	var replicas []*server
	for i := range 2 {
		s := must(h.newServer(h.file("unused")))(t)
		defer s.listener.Close()
		// Both keep their objects in one external etcd; the host's own will do.
		s.flags = []string{"--etcd-servers=unix://" + h.file("client.sock"), "--shutdown-delay-duration=3s"}
		if err := s.startProcess(t.Context(), h.file(fmt.Sprint("replica", i, ".log"))); err != nil {
			t.Fatalf("%v: %s", err, kubeapiserver.Tail(h.file(fmt.Sprint("replica", i, ".log"))))
		}
		b.set(s, true)
		replicas = append(replicas, s)
	}
	if err := h.route(t.Context(), &server{host: h, listener: b.listener}); err != nil {
		t.Fatal(err)
	}
	const namespace = "default"
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var requests atomic.Int64
	var running sync.WaitGroup
	patient := &retrier{}
	for i := range 4 {
		api := must(clientset.NewForConfig(h.admin))(t).KubevirtV1().VirtualMachines(namespace)
		running.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				name := fmt.Sprintf("vm-%d-%d", i, n)
				// A request that has begun is finished, so that each failure is one of the servers.
				patient.do(t, "create", apierrors.IsAlreadyExists, func() error {
					_, err := api.Create(t.Context(), newVM(name), metav1.CreateOptions{})
					return err
				})
				patient.do(t, "patch", nil, func() error {
					_, err := api.Patch(t.Context(), name, types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
					return err
				})
				patient.do(t, "delete", apierrors.IsNotFound, func() error { return api.Delete(t.Context(), name, metav1.DeleteOptions{}) })
				requests.Add(3)
			}
		})
	}
	more := func(what string) {
		t.Helper()
		enough := requests.Load() + 60
		eventually(t, what, func(context.Context) error {
			if requests.Load() < enough {
				return errors.New("too few requests")
			}
			return nil
		})
	}
	more("load")
	for i, s := range replicas {
		// The endpoints of a Service change a moment after its pod is told to end.
		out := time.AfterFunc(time.Second, func() { b.set(s, false) })
		if err := s.terminate(); err != nil {
			t.Errorf("replica %d ended with %v", i, err)
		}
		out.Stop()
		b.set(s, false)
		more("load on the other replica")
		if err := s.startProcess(t.Context(), h.file(fmt.Sprint("replica", i, ".log"))); err != nil {
			t.Fatal(err)
		}
		b.set(s, true)
	}
	more("load on both replicas")
	stop()
	running.Wait()
	t.Logf("%d requests, %d of them tried again, the longest for %s", requests.Load(), patient.again, patient.longest.Round(time.Millisecond))
	for i, s := range replicas {
		if err := s.terminate(); err != nil {
			t.Errorf("replica %d ended with %v", i, err)
		}
		// kube-apiserver gives its probes up when it knows enough; the library calls that an error.
		expectQuiet(t, h.file(fmt.Sprint("replica", i, ".log")), "stream closed", "Timeout or abort while handling", "Handler timeout", "Post-timeout activity")
	}
}
