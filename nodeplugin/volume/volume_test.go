// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/virtplane/virtplane/launcher/session"
)

// testVolume returns a volume below a kubelet directory whose paths are as long as real ones.
func testVolume(t *testing.T) (Layout, Volume) {
	t.Helper()
	l := Layout{Kubelet: filepath.Join(t.TempDir(), "var-lib-kubelet"), Driver: "node.virtplane.io"}
	v := Volume{
		ID: "csi-" + strings.Repeat("a", 64), Namespace: "tenant", PodName: "virt-launcher-demo", PodUID: "5a1e7a2c-7f0d-4b7c-9f9e-1d2c3b4a5968",
		Instance: "demo", InstanceUID: "uid",
	}
	v.Target = filepath.Join(l.Kubelet, "pods", string(v.PodUID), "volumes/kubernetes.io~csi/session/mount")
	if err := os.MkdirAll(filepath.Dir(v.Target), 0o750); err != nil {
		t.Fatal(err)
	}
	return l, v
}

func TestDirectoryListensAndIsRemoved(t *testing.T) {
	l, v := testVolume(t)
	for range 2 { // the second round is that of a plugin that was killed
		d, err := Create(l, v)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		listener, err := d.Listen()
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		info, err := os.Stat(filepath.Join(v.Target, session.SocketName))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o666 {
			t.Fatalf("socket has mode %v", info.Mode())
		}
		c, err := net.Dial("unix", d.path(session.SocketName))
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
	}
	for range 2 {
		if err := Remove(l, v.Target); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Lstat(v.Target); !os.IsNotExist(err) {
		t.Fatalf("directory is left: %v", err)
	}
	if _, err := os.Lstat(filepath.Dir(v.Target)); err != nil {
		t.Fatalf("the kubelet's directory is gone: %v", err)
	}
}

func TestLinksOnTheWayAreRefused(t *testing.T) {
	l, v := testVolume(t)
	outside := t.TempDir()
	// The target itself.
	if err := os.Symlink(outside, v.Target); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(l, v); err == nil {
		t.Fatal("created through a link at the target")
	}
	if err := Remove(l, v.Target); err == nil {
		t.Fatal("removed through a link at the target")
	}
	// A directory above it.
	parent := filepath.Dir(v.Target)
	if err := os.RemoveAll(parent); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, parent); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(l, v); err == nil {
		t.Fatal("created through a link above the target")
	}
	entries, _ := os.ReadDir(outside)
	if len(entries) != 0 {
		t.Fatalf("made %v outside", entries)
	}
}

func TestCheckTarget(t *testing.T) {
	l := Layout{Kubelet: "/var/lib/kubelet", Driver: "d"}
	for target, want := range map[string]bool{
		"/var/lib/kubelet/pods/u/volumes/kubernetes.io~csi/s/mount":       true,
		"/var/lib/kubelet/pods/other/volumes/kubernetes.io~csi/s/mount":   false,
		"/var/lib/kubelet/pods/u/volumes/kubernetes.io~csi/s":             false,
		"/var/lib/kubelet/pods/u/volumes/kubernetes.io~csi/s/mount/x":     false,
		"/var/lib/kubelet/pods/u/volumes/kubernetes.io~empty-dir/s/mount": false,
		"/var/lib/kubelet/pods/u/volumes/kubernetes.io~csi/../mount":      false,
		"/var/lib/kubelet/pods/u/../u/volumes/kubernetes.io~csi/s/mount":  false,
		"/var/lib/kubelet2/pods/u/volumes/kubernetes.io~csi/s/mount":      false,
		"/etc":  false,
		"":      false,
		"mount": false,
	} {
		if err := l.CheckTarget(target, "u"); (err == nil) != want {
			t.Errorf("%q: %v", target, err)
		}
	}
}

func TestStoreKeepsOnlyWholeRecordsWithADirectory(t *testing.T) {
	l, v := testVolume(t)
	s, err := NewStore(l)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Save(v); err != nil {
		t.Fatal(err)
	}
	// Published, but the directory was never made.
	if volumes, dropped := s.Load(); len(volumes) != 0 || len(dropped) != 1 {
		t.Fatalf("got %v, dropped %v", volumes, dropped)
	}
	if err := os.Mkdir(v.Target, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := s.Save(v); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"new-123":     `{}`,
		"broken.json": `{"id":`,
		"other.json":  `{"id":"csi-x"}`,
		"moved.json":  `{"id":"moved","podUID":"u","target":"/etc"}`,
	} {
		if err := os.WriteFile(filepath.Join(l.Records(), name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	volumes, dropped := s.Load()
	if len(volumes) != 1 || volumes[0] != v || len(dropped) != 4 {
		t.Fatalf("got %v, dropped %v", volumes, dropped)
	}
	for range 2 {
		if err := s.Delete(v.ID); err != nil {
			t.Fatal(err)
		}
	}
	if volumes, dropped := s.Load(); len(volumes)+len(dropped) != 0 {
		t.Fatalf("got %v, dropped %v", volumes, dropped)
	}
}

func TestIDs(t *testing.T) {
	for id, want := range map[string]bool{
		"csi-" + strings.Repeat("0", 64): true, "fake-vol-id-1": true,
		"": false, "..": false, ".x": false, "a/b": false, "a\x00b": false, strings.Repeat("a", 129): false,
	} {
		if err := CheckID(id); (err == nil) != want {
			t.Errorf("%q: %v", id, err)
		}
	}
}
