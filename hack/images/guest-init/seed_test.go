// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

func seedDir(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestReadSeedOfBothFormats(t *testing.T) {
	for _, test := range []struct {
		name  string
		files map[string]string
		want  seed
	}{
		{"NoCloud", map[string]string{
			"meta-data": `{"instance-id":"i-1","local-hostname":"vm","public-keys":{"0":"key-a","1":"key-b"}}`,
			"user-data": "#cloud-config\n", "network-config": "version: 2\n"},
			seed{present: true, instance: "i-1", hostname: "vm", publicKeys: []string{"key-a", "key-b"},
				userData: []byte("#cloud-config\n"), network: []byte("version: 2\n")}},
		{"NoCloud with user data alone", map[string]string{"user-data": "#!/bin/sh\n"},
			seed{present: true, userData: []byte("#!/bin/sh\n")}},
		{"ConfigDrive", map[string]string{
			"openstack/latest/meta_data.json": `{"uuid":"u-1","hostname":"vm","public_keys":{"mykey":"key-a"}}`,
			"openstack/latest/user_data":      "#cloud-config\n"},
			seed{present: true, instance: "u-1", hostname: "vm", publicKeys: []string{"key-a"}, userData: []byte("#cloud-config\n")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := readSeed(seedDir(t, test.files))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v\nwant %+v", got, test.want)
			}
		})
	}
}

func TestReadLabel(t *testing.T) {
	image := func(marks map[int]string) *bytes.Reader {
		raw := make([]byte, 40<<10)
		for offset, text := range marks {
			copy(raw[offset:], text)
		}
		return bytes.NewReader(raw)
	}
	for _, test := range []struct {
		name string
		disk *bytes.Reader
		want string
	}{
		{"ISO 9660", image(map[int]string{0x8001: "CD001", 0x8028: "cidata                          "}), "cidata"},
		{"ext4", image(map[int]string{1024 + 0x38: "\x53\xef", 1024 + 0x78: "guest-root"}), "guest-root"},
		{"FAT16", image(map[int]string{0x36: "FAT16   ", 0x2b: "CIDATA     "}), "CIDATA"},
		{"FAT32", image(map[int]string{0x52: "FAT32   ", 0x47: "CIDATA     "}), "CIDATA"},
		{"zeros", image(nil), ""},
		{"empty", bytes.NewReader(nil), ""},
	} {
		if got := readLabel(test.disk); got != test.want {
			t.Errorf("%s: label %q, want %q", test.name, got, test.want)
		}
	}
}

func TestDriversMatchDevices(t *testing.T) {
	m := &modules{aliases: [][2]string{
		{"virtio:d00000002v*", "virtio_blk"},
		{"pci:v*d*sv*sd*bc01sc06i01*", "ahci"},
		{"pci:v00008086d00002922sv*sd*bc*sc*i*", "ahci"},
		{"scsi:t-0x00*", "sd_mod"},
	}}
	for modalias, want := range map[string][]string{
		"virtio:d00000002v00001AF4":                             {"virtio_blk"},
		"pci:v00008086d00002922sv00001AF4sd00001100bc01sc06i01": {"ahci", "ahci"},
		"scsi:t-0x00": {"sd_mod"},
		"scsi:t-0x05": nil,
	} {
		if got := m.matching(modalias); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %q, want %q", modalias, got, want)
		}
	}
}
