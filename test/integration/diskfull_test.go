// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/test/kubeapiserver"
)

const mib = 1 << 20

// mountVolume makes the data directory of a server a file system of its own, in memory.
func mountVolume(t *testing.T, name string, size int64) string {
	t.Helper()
	dir := cluster.file(name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0700", size))
	if errors.Is(err, syscall.EPERM) {
		t.Skip("needs the right to mount a small file system, which root has")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return dir
}

// leaveFree fills a volume with one file until no more than some bytes are free.
func leaveFree(t *testing.T, dir string, bytes int64) {
	t.Helper()
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		t.Fatal(err)
	}
	file := must(os.OpenFile(filepath.Join(dir, "ballast"), os.O_CREATE|os.O_RDWR, 0o600))(t)
	defer file.Close()
	size := must(file.Stat())(t).Size() + int64(fs.Bavail)*fs.Bsize - bytes
	if err := syscall.Fallocate(int(file.Fd()), 0, 0, size); err != nil {
		t.Fatalf("fill volume: %v", err)
	}
}

func empty(t *testing.T, dir string) {
	t.Helper()
	if err := os.Remove(filepath.Join(dir, "ballast")); err != nil {
		t.Fatal(err)
	}
}

// leaveNothing fills a volume to its last block, whatever others take meanwhile.
func leaveNothing(t *testing.T, dir string) {
	t.Helper()
	leaveFree(t, dir, 80*mib)
	file := must(os.OpenFile(filepath.Join(dir, "ballast"), os.O_APPEND|os.O_WRONLY, 0o600))(t)
	defer file.Close()
	for _, block := range [][]byte{make([]byte, mib), make([]byte, 4096)} {
		var err error
		for err == nil {
			_, err = file.Write(block)
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
	}
}

// TestAVolumeThatFillsUp holds that writes are refused while there is still room for etcd's log, that
// reads go on, and that all goes on when there is room again.
func TestAVolumeThatFillsUp(t *testing.T) {
	dir := mountVolume(t, "filling", 800*mib)
	s := startOwnServer(t, "filling")
	ns := newNamespace(t)
	api := s.api.VirtualMachines(ns)
	admin := must(s.login("admin", "system:masters"))(t)
	must(api.Create(t.Context(), newVM("demo"), metav1.CreateOptions{}))(t)

	expect := func(what, message string, write func(ctx context.Context) error) {
		t.Helper()
		eventually(t, what, func(ctx context.Context) error {
			err := write(ctx)
			if message == "" {
				return err
			}
			if err == nil || !strings.Contains(err.Error(), message) {
				return fmt.Errorf("got %v", err)
			}
			return nil
		})
	}
	count := 0
	create := func(ctx context.Context) error {
		count++
		_, err := api.Create(ctx, newVM(fmt.Sprint("vm-", count)), metav1.CreateOptions{})
		return err
	}
	label := func(ctx context.Context) error {
		count++
		_, err := api.Patch(ctx, "demo", types.MergePatchType, fmt.Appendf(nil, `{"metadata":{"labels":{"a":"%d"}}}`, count), metav1.PatchOptions{})
		return err
	}
	leaveFree(t, dir, 200*mib)
	expect("create with little room", "new objects are refused until there is more room", create)
	expect("change with little room", "", label)
	leaveFree(t, dir, 100*mib)
	expect("change with hardly any room", "nothing is written until there is more room", label)
	must(api.List(t.Context(), metav1.ListOptions{}))(t)
	if a := call(t, admin, http.MethodGet, "/readyz", "", nil); a.code != http.StatusOK {
		t.Errorf("the server is not ready: %d %s", a.code, a.body)
	}
	if a := call(t, admin, http.MethodGet, "/healthz", "", nil); a.code != http.StatusInternalServerError || !strings.Contains(a.body, "[-]storage-space failed") {
		t.Errorf("/healthz tells %d %s", a.code, a.body)
	}
	if log := string(must(os.ReadFile(s.log))(t)); !strings.Contains(log, "The volume is nearly full") {
		t.Error("the log does not tell that the volume is nearly full")
	}
	empty(t, dir)
	expect("create with room again", "", create)
	if a := call(t, admin, http.MethodGet, "/healthz/storage-space", "", nil); a.code != http.StatusOK {
		t.Errorf("/healthz/storage-space tells %d %s", a.code, a.body)
	}
}

// TestAVolumeThatIsFullAtOnce has others take all of the volume while clients write. Whether the
// server ends or only refuses, what it acknowledged is there when it has room.
func TestAVolumeThatIsFullAtOnce(t *testing.T) {
	dir := mountVolume(t, "full", 600*mib)
	s := startOwnServer(t, "full")
	ns := newNamespace(t)
	a := &acknowledged{hostnames: map[string]int{}}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var running sync.WaitGroup
	for i := range 3 {
		api := s.client(t).VirtualMachines(ns)
		running.Go(func() { a.write(ctx, api, fmt.Sprint("w", i)) })
	}
	more := func(n int64) func(context.Context) error {
		enough := a.count.Load() + n
		return func(context.Context) error {
			if got := a.count.Load(); got < enough {
				return fmt.Errorf("%d of %d writes", got, enough)
			}
			return nil
		}
	}
	eventually(t, "writes before the volume is full", more(50))
	leaveNothing(t, dir)
	// It tells what is wrong: by its last words, or by what it answers.
	ended := false
	eventually(t, "a full volume", func(ctx context.Context) error {
		select {
		case <-s.done:
			ended = true
			return nil
		default:
		}
		_, err := s.api.VirtualMachines(ns).Create(ctx, newVM("probe", func(vm *v1.VirtualMachine) { vm.Name = ""; vm.GenerateName = "probe-" }), metav1.CreateOptions{})
		if err == nil || !strings.Contains(err.Error(), "the storage of virt-apiserver is full") {
			return fmt.Errorf("a write gets %v", err)
		}
		return nil
	})
	if log := string(must(os.ReadFile(s.log))(t)); !strings.Contains(log, "no space left on device") && !strings.Contains(log, "The volume is nearly full") {
		t.Errorf("the log does not tell what is wrong: %s", kubeapiserver.Tail(s.log))
	}
	t.Logf("the process ended: %v", ended)
	empty(t, dir)
	if ended {
		s.start(t)
	}
	eventually(t, "writes with room again", more(50))
	stop()
	running.Wait()
	a.verify(t, s.client(t).VirtualMachines(ns))
}
