// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package disk

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
	"k8s.io/apimachinery/pkg/api/resource"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// qcow2 returns a qcow2 header of an image of 1 GiB, changed by edit.
func qcow2(edit func(header []byte)) []byte {
	h := make([]byte, 512)
	copy(h, qcow2Magic)
	binary.BigEndian.PutUint32(h[4:], 3)
	binary.BigEndian.PutUint64(h[qcow2SizeOffset:], 1<<30)
	if edit != nil {
		edit(h)
	}
	return h
}

// preparer returns a preparer whose volume "root" holds the files of an image.
func preparer(t *testing.T, files map[string][]byte) *Preparer {
	t.Helper()
	dir := t.TempDir()
	p := &Preparer{
		ContainerDisks: dir + "/images", Claims: dir + "/claims", Devices: dir + "/dev",
		Secrets: dir + "/secrets", Work: dir + "/work",
	}
	if err := os.MkdirAll(p.ContainerDisks+"/root", 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		path := filepath.Join(p.ContainerDisks, "root", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func instance(volumes ...v1.Volume) *v1.VirtualMachineInstance {
	vmi := &v1.VirtualMachineInstance{}
	vmi.Name, vmi.Namespace = "demo", "default"
	vmi.Spec.Volumes = volumes
	return vmi
}

func containerDisk(path string) v1.Volume {
	v := v1.Volume{Name: "root"}
	v.ContainerDisk = &v1.ContainerDiskSource{Image: "example.org/disk:1", Path: path}
	return v
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestEmptyDiskIsSparseAndSuitsDirectIO(t *testing.T) {
	p := preparer(t, nil)
	v := v1.Volume{Name: "scratch"}
	v.EmptyDisk = &v1.EmptyDiskSource{Capacity: resource.MustParse("100M")}
	sources, err := p.Prepare(instance(v))
	if err != nil {
		t.Fatal(err)
	}
	var st unix.Stat_t
	must(t, unix.Stat(sources["scratch"].Path, &st))
	if st.Size != 96*mebibyte || st.Blocks*512 > mebibyte {
		t.Fatalf("size %d, %d bytes taken", st.Size, st.Blocks*512)
	}
	v.EmptyDisk.Capacity = resource.MustParse("0")
	if _, err := p.Prepare(instance(v)); err == nil {
		t.Fatal("a disk without size was made")
	}
}

func TestClaimIsRawWhateverTheGuestWroteIntoIt(t *testing.T) {
	p := preparer(t, nil)
	v := v1.Volume{Name: "data"}
	v.PersistentVolumeClaim = &v1.PersistentVolumeClaimVolumeSource{}
	must(t, os.MkdirAll(p.Claims+"/data", 0o755))
	must(t, os.WriteFile(p.Claims+"/data/disk.img", qcow2(func(h []byte) { h[15] = 1 }), 0o644))
	sources, err := p.Prepare(instance(v))
	if err != nil {
		t.Fatal(err)
	}
	if got := sources["data"]; got.Format != Raw || got.Ephemeral || got.Block {
		t.Fatalf("got %+v", got)
	}
	must(t, os.Remove(p.Claims+"/data/disk.img"))
	must(t, os.Symlink("/etc/passwd", p.Claims+"/data/disk.img"))
	if _, err := p.Prepare(instance(v)); err == nil {
		t.Fatal("a link was taken for a disk")
	}
}

func TestAnEmptyClaimGetsADiskOnce(t *testing.T) {
	p := preparer(t, nil)
	v := v1.Volume{Name: "data"}
	v.PersistentVolumeClaim = &v1.PersistentVolumeClaimVolumeSource{}
	if _, err := p.Prepare(instance(v)); err == nil {
		t.Fatal("a claim that is not mounted was accepted")
	}
	must(t, os.MkdirAll(p.Claims+"/data", 0o755))
	if err := createClaimDisk(p.Claims + "/data/disk.img"); err != nil {
		t.Skipf("no large sparse file here: %v", err)
	}
	first, err := os.Stat(p.Claims + "/data/disk.img")
	must(t, err)
	if _, err := p.Prepare(instance(v)); err != nil {
		t.Fatal(err)
	}
	second, err := os.Stat(p.Claims + "/data/disk.img")
	must(t, err)
	if !os.SameFile(first, second) || second.Size() == 0 || second.Size()%mebibyte != 0 {
		t.Fatalf("size %d", second.Size())
	}
}

// A device file that is no disk, such as /dev/null, must not be taken for a volume of that name.
func TestOnlyBlockDevicesAreClaims(t *testing.T) {
	p := preparer(t, nil)
	p.Devices = "/dev"
	v := v1.Volume{Name: "null"}
	v.PersistentVolumeClaim = &v1.PersistentVolumeClaimVolumeSource{}
	if sources, err := p.Prepare(instance(v)); err == nil {
		t.Fatalf("got %+v", sources)
	}
}

func TestVolumeNamesStayInTheirDirectory(t *testing.T) {
	p := preparer(t, nil)
	for _, name := range []string{"", ".", "..", "../root", "a/b", ".hidden"} {
		v := v1.Volume{Name: name}
		v.EmptyDisk = &v1.EmptyDiskSource{Capacity: resource.MustParse("1Mi")}
		if _, err := p.Prepare(instance(v)); err == nil {
			t.Errorf("name %q was accepted", name)
		}
	}
}
