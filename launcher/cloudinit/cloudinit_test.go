// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package cloudinit

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/diskfs/go-diskfs/backend/file"
	"github.com/diskfs/go-diskfs/filesystem/iso9660"
	corev1 "k8s.io/api/core/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func instance() *v1.VirtualMachineInstance {
	vmi := &v1.VirtualMachineInstance{}
	vmi.Name, vmi.Namespace = "web.blue", "shop"
	return vmi
}

func TestInlineAndBase64Content(t *testing.T) {
	source := &v1.CloudInitNoCloudSource{
		UserData:          "#cloud-config\n",
		NetworkDataBase64: base64.StdEncoding.EncodeToString([]byte("version: 2\n")),
	}
	data, err := NoCloud(instance(), source, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if data.Label != "cidata" || string(data.Files["user-data"]) != source.UserData || string(data.Files["network-config"]) != "version: 2\n" {
		t.Fatalf("got %q", data)
	}
	var meta map[string]string
	if err := json.Unmarshal(data.Files["meta-data"], &meta); err != nil {
		t.Fatal(err)
	}
	if meta["local-hostname"] != "web" || len(meta["instance-id"]) != 36 {
		t.Fatalf("meta-data %v", meta)
	}
}

func TestWithoutNetworkDataThereIsNoNetworkConfig(t *testing.T) {
	data, err := NoCloud(instance(), &v1.CloudInitNoCloudSource{}, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := data.Files["network-config"]; ok {
		t.Error("a network-config would switch off the guest's own")
	}
	if _, ok := data.Files["user-data"]; !ok {
		t.Error("cloud-init takes no disk without user-data")
	}
}

func TestSecretContentInBothSpellings(t *testing.T) {
	for _, keys := range [][2]string{{"userdata", "networkdata"}, {"userData", "networkData"}} {
		dir := t.TempDir()
		for sub, key := range map[string]string{"user": keys[0], "network": keys[1]} {
			// As the kubelet does: a link into a directory that is swapped on changes.
			target := filepath.Join(dir, sub, "..data")
			if err := os.MkdirAll(target, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(target, key), []byte("secret "+sub), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink("..data/"+key, filepath.Join(dir, sub, key)); err != nil {
				t.Fatal(err)
			}
		}
		source := &v1.CloudInitNoCloudSource{
			UserDataSecretRef:    &corev1.LocalObjectReference{Name: "a"},
			NetworkDataSecretRef: &corev1.LocalObjectReference{Name: "b"},
		}
		data, err := NoCloud(instance(), source, dir)
		if err != nil {
			t.Fatal(err)
		}
		if string(data.Files["user-data"]) != "secret user" || string(data.Files["network-config"]) != "secret network" {
			t.Fatalf("%v: got %q", keys, data.Files)
		}
	}
}

func TestUnusableContentIsRefused(t *testing.T) {
	big := strings.Repeat("x", maxInline+1)
	for want, source := range map[string]*v1.CloudInitNoCloudSource{
		"userData has 2049 bytes":      {UserData: big},
		"networkData has 2049 bytes":   {NetworkDataBase64: base64.StdEncoding.EncodeToString([]byte(big))},
		"userDataBase64 is longer":     {UserDataBase64: strings.Repeat("A", 1<<20)},
		"userDataBase64 is not base64": {UserDataBase64: "%%%"},
		`no key "userdata"`:            {UserDataSecretRef: &corev1.LocalObjectReference{Name: "a"}},
	} {
		if _, err := NoCloud(instance(), source, t.TempDir()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestISOHoldsTheFilesUnderTheirNames(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "seed.iso")
	files := map[string][]byte{
		"meta-data":      []byte(`{"instance-id":"x"}`),
		"user-data":      bytes.Repeat([]byte("0123456789abcdef"), 1000),
		"network-config": {},
	}
	if err := WriteISO(path, Data{Label: "cidata", Files: files}); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if label := string(raw[16*isoBlock+40 : 16*isoBlock+46]); label != "cidata" {
		t.Errorf("label %q", label)
	}
	if !bytes.Contains(raw, []byte("\x00u\x00s\x00e\x00r\x00-\x00d\x00a\x00t\x00a")) {
		t.Error("no Joliet name")
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fs, err := iso9660.Read(file.New(f, true), int64(len(raw)), 0, isoBlock)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		f, err := fs.OpenFile(name, os.O_RDONLY)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, err := io.ReadAll(f); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	if left, _ := filepath.Glob(dir + "/iso*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if len(raw) > 1<<20 || len(raw)%isoBlock != 0 {
		t.Errorf("the image has %d bytes", len(raw))
	}
}
