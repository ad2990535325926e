// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/apiserver/commands"
	"github.com/virtplane/virtplane/apiserver/embeddedetcd"
	clientset "github.com/virtplane/virtplane/client/clientset/versioned"
	"github.com/virtplane/virtplane/client/informers/externalversions"
	"github.com/virtplane/virtplane/test/kubeapiserver"
)

// runCommand runs a command of virt-apiserver as its program does.
func runCommand(t *testing.T, input []byte, args ...string) (stdout []byte, stderr string, err error) {
	t.Helper()
	var out, problems bytes.Buffer
	for _, cmd := range commands.All() {
		if cmd.Name() != args[0] {
			continue
		}
		cmd.SetArgs(args[1:])
		cmd.SetIn(bytes.NewReader(input))
		cmd.SetOut(&out)
		cmd.SetErr(&problems)
		cmd.SilenceErrors, cmd.SilenceUsage = true, true
		err := cmd.ExecuteContext(t.Context())
		return out.Bytes(), problems.String(), err
	}
	t.Fatalf("there is no command %s", args[0])
	return nil, "", nil
}

// TestRestoreToAnOlderRevision holds that a restore under clients that go on is noticed by them: what
// they believe afterwards is what the server holds.
func TestRestoreToAnOlderRevision(t *testing.T) {
	ns := newNamespace(t)
	s := startOwnServer(t, "restore")
	api := s.api.VirtualMachines(ns)
	must(api.Create(t.Context(), newVM("kept"), metav1.CreateOptions{}))(t)
	must(api.Create(t.Context(), newVM("changed"), metav1.CreateOptions{}))(t)
	must(api.Create(t.Context(), newVM("deleted", func(vm *v1.VirtualMachine) { vm.Finalizers = nil }), metav1.CreateOptions{}))(t)
	saved := must(api.List(t.Context(), metav1.ListOptions{}))(t)

	factory := externalversions.NewSharedInformerFactory(must(clientset.NewForConfig(must(s.login("admin", "system:masters"))(t)))(t), 0)
	lister := factory.Kubevirt().V1().VirtualMachines().Lister()
	informed := factory.Kubevirt().V1().VirtualMachines().Informer()
	ctx, stop := context.WithCancel(t.Context())
	defer factory.Shutdown()
	defer stop()
	factory.Start(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), informed.HasSynced) {
		t.Fatal("the informer does not sync")
	}

	file, told, err := runCommand(t, nil, "backup", "--data-dir="+s.dataDir, "-")
	if err != nil || !strings.HasPrefix(told, "Saved 3 virtualmachines.kubevirt.io at revision ") {
		t.Fatalf("backup tells %q: %v", told, err)
	}
	path := filepath.Join(t.TempDir(), "virtplane.backup")
	if _, told, err := runCommand(t, nil, "backup", "--etcd-servers="+embeddedetcd.Endpoint(s.dataDir), path); err != nil {
		t.Errorf("backup to a file of an etcd that is named tells %q: %v", told, err)
	}
	if info := must(os.Stat(path))(t); info.Mode().Perm() != 0o600 {
		t.Errorf("the file has mode %o: others could read the secrets in it", info.Mode().Perm())
	}
	if out, _, err := runCommand(t, nil, "verify", path); err != nil || !strings.Contains(string(out), "is whole: 3 virtualmachines.kubevirt.io") {
		t.Errorf("verify of the file tells %q: %v", out, err)
	}
	out, _, err := runCommand(t, file, "verify", "-")
	if err != nil || !strings.Contains(string(out), "is whole: 3 virtualmachines.kubevirt.io at revision ") {
		t.Fatalf("verify tells %q: %v", out, err)
	}

	must(api.Patch(t.Context(), "changed", types.MergePatchType, []byte(`{"metadata":{"labels":{"a":"b"}}}`), metav1.PatchOptions{}))(t)
	must(api.Patch(t.Context(), "deleted", types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{}))(t)
	if err := api.Delete(t.Context(), "deleted", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	late := must(api.Create(t.Context(), newVM("late"), metav1.CreateOptions{}))(t)
	eventually(t, "informer of before the restore", func(context.Context) error {
		if _, err := lister.VirtualMachines(ns).Get("late"); err != nil {
			return err
		}
		return nil
	})

	if _, _, err := runCommand(t, file, "restore", "--data-dir="+s.dataDir, "-"); err == nil || !strings.Contains(err.Error(), "--replace") {
		t.Fatalf("restore beneath a running server: %v, want an error that names --replace", err)
	}
	_, told, err = runCommand(t, file, "restore", "--data-dir="+s.dataDir, "--replace", "-")
	if err != nil || !strings.HasPrefix(told, "Restored 3 virtualmachines.kubevirt.io at revision ") {
		t.Fatalf("restore tells %q: %v: %s", told, err, kubeapiserver.Tail(s.log))
	}
	if err := s.wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	api = s.client(t).VirtualMachines(ns)
	listed := must(api.List(t.Context(), metav1.ListOptions{}))(t)
	if got, want := versions(listed.Items), versions(saved.Items); !maps.Equal(got, want) {
		t.Errorf("restored %v, want %v", got, want)
	}
	if number(t, listed.ResourceVersion) <= number(t, late.ResourceVersion) {
		t.Errorf("the list has version %s, a client has seen %s", listed.ResourceVersion, late.ResourceVersion)
	}

	eventually(t, "informer after the restore", func(context.Context) error {
		believed := map[string]string{}
		items, err := lister.List(labels.Everything())
		for _, vm := range items {
			believed[vm.Name] = vm.ResourceVersion
		}
		if want := versions(listed.Items); !maps.Equal(believed, want) {
			return fmt.Errorf("it believes %v, want %v", believed, want)
		}
		return err
	})
	for _, rv := range []string{saved.ResourceVersion, late.ResourceVersion} {
		w, err := api.Watch(t.Context(), metav1.ListOptions{ResourceVersion: rv})
		if err == nil {
			event := next(t, w)
			w.Stop()
			err = apierrors.FromObject(event.Object)
		}
		expectStatus(t, "watch from version "+rv+" of before the restore", err, http.StatusGone, "")
	}
	_, err = api.List(t.Context(), metav1.ListOptions{ResourceVersion: late.ResourceVersion, ResourceVersionMatch: metav1.ResourceVersionMatchExact})
	expectStatus(t, "list of a version of before the restore", err, http.StatusGone, "")
	_, err = api.Update(t.Context(), late, metav1.UpdateOptions{})
	expectStatus(t, "update of an object that the restore took", err, http.StatusNotFound, "")
	// Writes go on, and so does the informer.
	must(api.Create(t.Context(), newVM("new"), metav1.CreateOptions{}))(t)
	eventually(t, "informer", func(context.Context) error {
		_, err := lister.VirtualMachines(ns).Get("new")
		return err
	})
	if aside := must(filepath.Glob(filepath.Join(s.dataDir, "replaced-*", "member", "snap", "db")))(t); len(aside) != 1 {
		t.Errorf("the replaced data is in %v", aside)
	}
}

func number(t *testing.T, version string) uint64 {
	t.Helper()
	return must(strconv.ParseUint(version, 10, 64))(t)
}

func versions(vms []v1.VirtualMachine) map[string]string {
	found := map[string]string{}
	for _, vm := range vms {
		found[vm.Name] = vm.ResourceVersion
	}
	return found
}

func TestBackupSaysWhatItCannotReach(t *testing.T) {
	_, _, err := runCommand(t, nil, "backup", "--data-dir="+t.TempDir(), "-")
	if err == nil || !strings.Contains(err.Error(), "no virt-apiserver with an embedded etcd runs on") {
		t.Errorf("backup without a server: %v", err)
	}
	// The host's etcd holds far more than what is ours.
	_, _, err = runCommand(t, nil, "backup", "--etcd-servers=unix://"+cluster.file("client.sock"), "-")
	if err == nil || !strings.Contains(err.Error(), "back it up with its own tools") {
		t.Errorf("backup of an etcd that others use: %v", err)
	}
	name := filepath.Join(t.TempDir(), "gone", "file")
	if _, _, err = runCommand(t, nil, "verify", name); err == nil || !strings.Contains(err.Error(), name) {
		t.Errorf("verify of a file that is not there: %v", err)
	}
}
