// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// memory returns what a server's process holds of memory now, and has held at most, in MiB.
func (s *server) memory(t *testing.T) (now, most int) {
	t.Helper()
	content := must(os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.Process.Pid)))(t)
	for line := range bytes.Lines(content) {
		fields := strings.Fields(string(line))
		switch {
		case len(fields) < 2:
		case fields[0] == "VmRSS:":
			now = must(strconv.Atoi(fields[1]))(t) >> 10
		case fields[0] == "VmHWM:":
			most = must(strconv.Atoi(fields[1]))(t) >> 10
		}
	}
	return now, most
}

// resetPeak has the kernel count the most that the process holds from now on.
func (s *server) resetPeak(t *testing.T) {
	t.Helper()
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", s.process.Process.Pid), []byte("5"), 0); err != nil {
		t.Fatal(err)
	}
}

// TestHostileObjectsAreRefusedInBoundedMemory sends what no honest client sends, many at a time.
func TestHostileObjectsAreRefusedInBoundedMemory(t *testing.T) {
	const (
		parallel = 8
		// few is how many at a time there are of those that keep a processor busy for a second.
		few = 2
		// growth is several times what one request of the largest kind takes, for each of those at a time, in MiB.
		growth = 600
	)
	s := startOwnServer(t, "hostile")
	login := must(s.login("admin", "system:masters"))(t)
	ns := newNamespace(t)
	object := func(metadata, spec string) string {
		return `{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachine","metadata":{"name":"hostile"` + metadata + `},"spec":` + spec + `}`
	}
	disks := func(bus string) string {
		var disks, volumes strings.Builder
		for i := range 10_000 {
			fmt.Fprintf(&disks, `,{"name":"d%d","disk":{"bus":%q}}`, i, bus)
			fmt.Fprintf(&volumes, `,{"name":"d%d","emptyDisk":{"capacity":"1Gi"}}`, i)
		}
		return `{"runStrategy":"Halted","template":{"spec":{"domain":{"memory":{"guest":"1Gi"},"devices":{"disks":[` + disks.String()[1:] + `]}},"volumes":[` + volumes.String()[1:] + `]}}}`
	}
	for _, c := range []struct {
		name, kind, body string
		codes            []int
	}{
		{"a body of 4 MiB", "json", object(`,"annotations":{"a":"`+strings.Repeat("x", 4<<20)+`"}`, diskSpec), []int{413}},
		{"a body without end", "json", strings.Repeat(" ", 8<<20), []int{413}},
		{"an annotation of 1 MiB", "json", object(`,"annotations":{"a":"`+strings.Repeat("x", 1<<20)+`"}`, diskSpec), []int{422}},
		{"a million arrays in each other", "json", object("", strings.Repeat("[", 1_000_000)), []int{400}},
		{"objects nested 100,000 deep", "json", object("", strings.Repeat(`{"template":`, 100_000)+"{}"+strings.Repeat("}", 100_000)), []int{400}},
		{"aliases that multiply in YAML", "yaml", "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n" +
			"e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\nh: [*g,*g,*g,*g,*g,*g,*g,*g,*g]\n", []int{400}},
		{"text that is no UTF-8", "json", object(`,"labels":{"a":"`+"\xff\xfe"+`"}`, diskSpec), []int{400, 422}},
		{"numbers beyond every type", "json", object(`,"generation":1e999`, diskSpec), []int{400}},
		{"a field 100,000 times", "json", object("", `{`+strings.Repeat(`"runStrategy":"Halted",`, 100_000)+`"runStrategy":"Halted"}`), []int{400, 422}},
		{"100,000 unknown fields", "json", object("", `{`+strings.Repeat(`"x":1,`, 100_000)+`"runStrategy":"Halted"}`), []int{400, 422}},
		{"10,000 disks", "json", object("", disks("virtio")), []int{422, 504}},
		{"10,000 bad disks", "json", object("", disks("ide")), []int{422, 504}},
		{"garbage as protobuf", "vnd.kubernetes.protobuf", "k8s\x00" + strings.Repeat("\xff", 1<<20), []int{400}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.resetPeak(t)
			before, _ := s.memory(t)
			begin := time.Now()
			var running sync.WaitGroup
			atOnce := parallel
			if strings.HasSuffix(c.name, "disks") {
				atOnce = few
			}
			for range atOnce {
				running.Go(func() {
					a, err := send(t.Context(), login, http.MethodPost, pathOf("kubevirt.io", ns, "virtualmachines", "")+"?dryRun=All&fieldValidation=Strict", c.body,
						map[string]string{"Content-Type": "application/" + c.kind})
					// A server that has seen enough may close the connection while the client still sends.
					if err != nil && len(c.body) < 3<<20 {
						t.Error(err)
					}
					ok := err != nil
					for _, code := range c.codes {
						ok = ok || a.code == code
					}
					if !ok {
						t.Errorf("%d %.300s, want %v", a.code, a.body, c.codes)
					}
					if len(a.body) > 8<<20 {
						t.Errorf("an answer of %d bytes", len(a.body))
					}
				})
			}
			running.Wait()
			_, most := s.memory(t)
			t.Logf("%d MiB before, %d MiB at most, %.1f s for %d requests", before, most, time.Since(begin).Seconds(), atOnce)
			if most > before+growth {
				t.Errorf("memory grew from %d to %d MiB", before, most)
			}
		})
	}
	// Nothing of it harmed the server.
	must(s.api.VirtualMachines(ns).Create(t.Context(), newVM("honest"), metav1.CreateOptions{}))(t)
}

// TestSlowWatchersCostBoundedMemory opens watches that nobody reads and writes on.
func TestSlowWatchersCostBoundedMemory(t *testing.T) {
	const (
		watchers = 1000
		writes   = 150
		// perWatcher is the bound for each, in KiB: its connection, its buffers and its place in the watch cache.
		perWatcher = 600
	)
	s := startOwnServer(t, "slow")
	ns := newNamespace(t)
	vm := must(s.api.VirtualMachines(ns).Create(t.Context(), newVM("demo", func(vm *v1.VirtualMachine) {
		vm.Annotations = map[string]string{"filler": strings.Repeat("x", 8<<10)}
	}), metav1.CreateOptions{}))(t)
	config := must(rest.TLSConfigFor(must(s.login("admin", "system:masters"))(t)))(t)
	config.NextProtos = []string{"http/1.1"}
	config.ServerName = "127.0.0.1"
	before, _ := s.memory(t)
	var mu sync.Mutex
	var open []net.Conn
	defer func() {
		for _, conn := range open {
			conn.Close()
		}
	}()
	var opening sync.WaitGroup
	slots := make(chan struct{}, 32)
	for range watchers {
		slots <- struct{}{}
		opening.Go(func() {
			defer func() { <-slots }()
			raw, err := net.Dial("tcp", s.listener.Addr().String())
			if err != nil {
				t.Error(err)
				return
			}
			// A small window: the kernel shall not hold what the client does not take.
			if err := raw.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
				t.Error(err)
			}
			conn := tls.Client(raw, config)
			path := pathOf("kubevirt.io", ns, "virtualmachines", "") + "?watch=1&resourceVersion=" + vm.ResourceVersion
			if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path); err != nil {
				t.Error(err)
			}
			answer := make([]byte, len("HTTP/1.1 200"))
			if _, err := io.ReadFull(conn, answer); err != nil || string(answer) != "HTTP/1.1 200" {
				t.Errorf("a watch begins with %q: %v", answer, err)
			}
			mu.Lock()
			defer mu.Unlock()
			open = append(open, conn)
		})
	}
	opening.Wait()
	opened, _ := s.memory(t)
	s.resetPeak(t)
	slowest := time.Duration(0)
	for i := range writes {
		begin := time.Now()
		must(s.api.VirtualMachines(ns).Patch(t.Context(), "demo", types.MergePatchType, fmt.Appendf(nil, `{"metadata":{"labels":{"n":"%d"}}}`, i), metav1.PatchOptions{}))(t)
		slowest = max(slowest, time.Since(begin))
	}
	// A client that reads gets everything all the same.
	w := must(s.api.VirtualMachines(ns).Watch(t.Context(), metav1.ListOptions{ResourceVersion: vm.ResourceVersion}))(t)
	defer w.Stop()
	for i := range writes {
		if got := expectEvent(t, w, "MODIFIED", "demo").Object.(*v1.VirtualMachine).Labels["n"]; got != strconv.Itoa(i) {
			t.Fatalf("event %d is of write %s", i, got)
		}
	}
	_, most := s.memory(t)
	t.Logf("%d MiB before, %d MiB with %d watchers, %d MiB at most while they are not read; the slowest of %d writes took %s", before, opened, len(open), most, writes, slowest)
	if most > before+watchers*perWatcher/1024 {
		t.Errorf("memory grew from %d to %d MiB", before, most)
	}
	if slowest > 10*time.Second {
		t.Errorf("a write took %s", slowest)
	}
}
