// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/server/options/encryptionconfig/controller"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/test/kubeapiserver"
)

// The servers of the tests, whose program this is, look more often for new keys than the usual minute.
func init() { controller.EncryptionConfigFileChangePollDuration = 200 * time.Millisecond }

// userSecret is what people put into user data.
const userSecret = "#cloud-config\npassword: correct-horse-battery-staple"

func withUserData(vm *v1.VirtualMachine) {
	spec := &vm.Spec.Template.Spec
	spec.Domain.Devices.Disks = append(spec.Domain.Devices.Disks, v1.Disk{Name: "init", DiskDevice: v1.DiskDevice{Disk: &v1.DiskTarget{Bus: v1.DiskBusVirtio}}})
	spec.Volumes = append(spec.Volumes, v1.Volume{Name: "init", VolumeSource: v1.VolumeSource{CloudInitNoCloud: &v1.CloudInitNoCloudSource{UserData: userSecret}}})
}

// writeKeys makes an encryption configuration whose first key encrypts and all of which decrypt.
func writeKeys(t *testing.T, path string, names ...string) {
	t.Helper()
	var keys strings.Builder
	for _, name := range names {
		secret := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte(name[:1]), 32))
		fmt.Fprintf(&keys, "\n      - {name: %s, secret: %s}", name, secret)
	}
	content := `apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: [virtualmachines.kubevirt.io, virtualmachineinstances.kubevirt.io]
  providers:
  - secretbox:
      keys:` + keys.String() + "\n"
	if err := os.WriteFile(path+".new", []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// raw returns what etcd holds of a virtual machine.
func raw(t *testing.T, etcd *clientv3.Client, prefix, namespace, name string) []byte {
	t.Helper()
	answer := must(etcd.Get(t.Context(), prefix+"/kubevirt.io/virtualmachines/"+namespace+"/"+name))(t)
	if len(answer.Kvs) != 1 {
		t.Fatalf("etcd holds %d of %s", len(answer.Kvs), name)
	}
	return answer.Kvs[0].Value
}

func expectEncrypted(t *testing.T, value []byte, key string) {
	t.Helper()
	if want := "k8s:enc:secretbox:v1:" + key + ":"; !bytes.HasPrefix(value, []byte(want)) {
		t.Errorf("stored %.40q, want %s", value, want)
	}
	for _, plain := range []string{"correct-horse", "cloud-config", "kubevirt.io/v1", "example.com/guest"} {
		if bytes.Contains(value, []byte(plain)) {
			t.Errorf("%s is stored in plain text", plain)
		}
	}
}

func TestEncryptionAtRest(t *testing.T) {
	t.Run("embedded etcd", func(t *testing.T) {
		keys := cluster.file("keys-embedded.yaml")
		writeKeys(t, keys, "one")
		s := startOwnServer(t, "encrypted", "--encryption-provider-config="+keys, "--encryption-provider-config-automatic-reload")
		testEncryption(t, s, keys, dialEtcd(t, s.server), "/registry/virtplane.io")
		testWrongKey(t, s, keys)
	})
	t.Run("external etcd", func(t *testing.T) {
		const prefix = "/registry/encrypted"
		endpoint := "unix://" + cluster.file("client.sock")
		keys := cluster.file("keys-external.yaml")
		writeKeys(t, keys, "one")
		s := startOwnServer(t, "external", "--encryption-provider-config="+keys, "--encryption-provider-config-automatic-reload",
			"--etcd-servers="+endpoint, "--etcd-prefix="+prefix)
		etcd := must(clientv3.New(clientv3.Config{Endpoints: []string{endpoint}, DialTimeout: patience}))(t)
		t.Cleanup(func() { etcd.Close() })
		testEncryption(t, s, keys, etcd, prefix)
	})
}

// testEncryption goes through the rotation of a key as the documentation describes it.
func testEncryption(t *testing.T, s *ownServer, keys string, etcd *clientv3.Client, prefix string) {
	ns := newNamespace(t)
	api := s.api.VirtualMachines(ns)
	must(api.Create(t.Context(), newVM("old", withUserData), metav1.CreateOptions{}))(t)
	expectEncrypted(t, raw(t, etcd, prefix, ns, "old"), "one")

	writeKeys(t, keys, "two", "one")
	attempt := 0
	eventually(t, "new key", func(ctx context.Context) error {
		attempt++
		name := fmt.Sprint("new-", attempt)
		if _, err := api.Create(ctx, newVM(name, withUserData), metav1.CreateOptions{}); err != nil {
			return err
		}
		if value := raw(t, etcd, prefix, ns, name); !bytes.HasPrefix(value, []byte("k8s:enc:secretbox:v1:two:")) {
			return fmt.Errorf("stored %.40q", value)
		}
		return nil
	})
	// A write that changes nothing moves an object to the new key.
	for _, vm := range must(api.List(t.Context(), metav1.ListOptions{}))(t).Items {
		must(api.Patch(t.Context(), vm.Name, types.MergePatchType, []byte(`{}`), metav1.PatchOptions{}))(t)
		expectEncrypted(t, raw(t, etcd, prefix, ns, vm.Name), "two")
	}
	writeKeys(t, keys, "two")
	old := must(api.Get(t.Context(), "old", metav1.GetOptions{}))(t)
	if got := old.Spec.Template.Spec.Volumes[1].CloudInitNoCloud.UserData; got != userSecret {
		t.Errorf("read %q", got)
	}
}

// testWrongKey holds that a server without the right key says so and does not pass for an empty one.
func testWrongKey(t *testing.T, s *ownServer, keys string) {
	if err := s.kill(); err != nil {
		t.Fatal(err)
	}
	writeKeys(t, keys, "xxx")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	started := make(chan error, 1)
	go func() { started <- s.startProcess(ctx, s.log) }()
	admin := must(s.login("admin", "system:masters"))(t)
	eventually(t, "clear refusal", func(ctx context.Context) error {
		a, err := send(ctx, admin, http.MethodGet, "/apis/kubevirt.io/v1/virtualmachines", "", nil)
		if err != nil {
			return err
		}
		if a.code == http.StatusOK {
			t.Fatalf("a server without the key answers %s", a.body)
		}
		if !strings.Contains(a.body, "no matching key was found") || !strings.Contains(a.body, "/registry/virtplane.io/kubevirt.io/virtualmachines/") {
			return fmt.Errorf("answer %d %s", a.code, a.body)
		}
		return nil
	})
	// It does not take over from a replica that has the key.
	if a := call(t, admin, http.MethodGet, "/readyz", "", nil); a.code == http.StatusOK || !strings.Contains(a.body, "[-]storage-initialized failed") {
		t.Errorf("a server that cannot read its objects: %d %s", a.code, a.body)
	}
	cancel()
	<-started
	if err := s.kill(); err != nil {
		t.Fatal(err)
	}
	writeKeys(t, keys, "two")
	s.start(t)
	if list := must(s.client(t).VirtualMachines("").List(t.Context(), metav1.ListOptions{}))(t); len(list.Items) == 0 {
		t.Error("with the right key there is nothing")
	}
}

func TestAMissingKeyFileIsNamed(t *testing.T) {
	s := must(cluster.newServer(cluster.file("nokeys")))(t)
	defer s.listener.Close()
	path := cluster.file("no-such-keys.yaml")
	s.flags = []string{"--encryption-provider-config=" + path}
	log := cluster.file("nokeys.log")
	if err := s.startProcess(t.Context(), log); err == nil {
		t.Error("it starts without its keys")
	}
	if end := kubeapiserver.Tail(log); !strings.Contains(end, path) {
		t.Errorf("the log does not name the file: %s", end)
	}
}
