// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/virtplane/virtplane/apis/kubevirt/config"
	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/apis/kubevirt/validation"
)

// FuzzObjects holds that no body that a client sends makes the server panic, in any encoding, and that
// what passes validation can be stored and read again.
func FuzzObjects(f *testing.F) {
	for _, body := range []string{
		`{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachine","metadata":{"name":"a"},"spec":{"runStrategy":"Halted","template":{"spec":{"domain":{"memory":{"guest":"1Gi"}}}}}}`,
		`{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachineInstance","metadata":{"name":"a"},"spec":{"domain":{"memory":{"guest":"1Gi"},"cpu":{"cores":4294967295,"sockets":4294967295}}}}`,
		`{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachineInstance","metadata":{"name":"a"},"spec":{"domain":{"devices":{"disks":[{"name":"x"},{}]}},"volumes":[{},{"name":"x","emptyDisk":{}}],"networks":[{}]}}`,
		`{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachine","metadata":null,"spec":{"template":{"spec":null}}}`,
		"apiVersion: kubevirt.io/v1\nkind: VirtualMachine\nspec: [",
		"k8s\x00\xff\xff",
	} {
		f.Add([]byte(body))
	}
	examples, err := filepath.Glob("../artifacts/examples/*.yaml")
	if err != nil || len(examples) == 0 {
		f.Fatalf("no examples: %v", err)
	}
	for _, path := range examples {
		content, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		documents := yaml.NewDocumentDecoder(readCloser{bytes.NewReader(content)})
		buffer := make([]byte, 1<<20)
		for {
			n, err := documents.Read(buffer)
			if err != nil {
				break
			}
			f.Add(bytes.Clone(buffer[:n]))
		}
	}
	decoder, storage := Codecs.UniversalDecoder(v1.SchemeGroupVersion), storageCodec()
	f.Fuzz(func(t *testing.T, body []byte) {
		object, _, err := decoder.Decode(body, nil, nil)
		if err != nil {
			return
		}
		switch o := object.(type) {
		case *v1.VirtualMachine:
			if len(validation.VirtualMachine(o)) > 0 {
				return
			}
		case *v1.VirtualMachineInstance:
			config.From(nil).Instances.Apply(&o.Spec)
			if len(validation.VirtualMachineInstance(o)) > 0 {
				return
			}
		default:
			return
		}
		stored, err := runtime.Encode(storage, object)
		if err != nil {
			t.Fatalf("a valid object cannot be stored: %v", err)
		}
		if _, err := runtime.Decode(storage, stored); err != nil {
			t.Fatalf("a stored object cannot be read: %v", err)
		}
	})
}

type readCloser struct{ *bytes.Reader }

func (readCloser) Close() error { return nil }
