// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

func testImage(t *testing.T, dir string) v1.Image {
	t.Helper()
	var layers []*Layer
	for _, name := range []string{"base", "program"} {
		tree := NewTree()
		tree.Bytes("usr/bin/"+name, 0o755, []byte(name))
		layer, err := WriteLayer(tree, filepath.Join(dir, name+".tar"))
		if err != nil {
			t.Fatal(err)
		}
		layers = append(layers, layer)
	}
	image, err := NewImage(v1.Config{User: "107:107", Entrypoint: []string{"/usr/bin/program"}}, layers...)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

func TestArchiveIsAnOCILayoutOfTheImage(t *testing.T) {
	dir := t.TempDir()
	image := testImage(t, dir)
	path := filepath.Join(dir, "image.tar")
	if err := SaveImage(path, "virtplane.io/test:dev", image); err != nil {
		t.Fatal(err)
	}
	unpacked := NewTree()
	if err := unpacked.ReadTar(path); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "layout")
	if err := os.Mkdir(out, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unpacked.Extract(out); err != nil {
		t.Fatal(err)
	}
	index, err := layout.ImageIndexFromPath(out)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	digest, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	if len(manifest.Manifests) != 1 || manifest.Manifests[0].Digest != digest {
		t.Fatalf("index %+v, want one image %v", manifest.Manifests, digest)
	}
	loaded, err := index.Image(digest)
	if err != nil {
		t.Fatal(err)
	}
	layers, err := loaded.Layers()
	if err != nil {
		t.Fatal(err)
	}
	stored, err := loaded.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	for i, layer := range layers {
		checkBlob(t, layer, stored.RootFS.DiffIDs[i])
	}
	if name := manifest.Manifests[0].Annotations["io.containerd.image.name"]; name != "virtplane.io/test:dev" {
		t.Errorf("containerd would file the image as %q", name)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if config.Config.User != "107:107" || len(config.RootFS.DiffIDs) != 2 || len(config.History) != 2 || !config.Created.Equal(Epoch) {
		t.Errorf("configuration %+v", config)
	}
}

func TestArchiveIsADockerArchiveToo(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "image.tar")
	image := testImage(t, dir)
	if err := SaveImage(path, "virtplane.io/test:dev", image); err != nil {
		t.Fatal(err)
	}
	loaded, err := tarball.ImageFromPath(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	want, err := image.ConfigName()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := loaded.ConfigName(); err != nil || got != want {
		t.Errorf("configuration %v, %v, want %v", got, err, want)
	}
}

func TestSameLayersGiveTheSameArchive(t *testing.T) {
	var archives [2]bytes.Buffer
	for i := range archives {
		if err := WriteImage(&archives[i], "virtplane.io/test:dev", testImage(t, t.TempDir())); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(archives[0].Bytes(), archives[1].Bytes()) {
		t.Error("two builds gave different archives")
	}
}

func TestOpenLayerRefusesACutFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "layer.tar")
	tree := NewTree()
	tree.Bytes("file", 0o644, []byte("content"))
	wrote, err := WriteLayer(tree, path)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := OpenLayer(path)
	if err != nil {
		t.Fatal(err)
	}
	if opened.meta != wrote.meta {
		t.Errorf("opened %+v, wrote %+v", opened.meta, wrote.meta)
	}
	if err := os.Truncate(path, wrote.meta.Size-512); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenLayer(path); err == nil {
		t.Error("a layer that was cut off was opened")
	}
	// A run that died between the two renames leaves a layer without its digest.
	if err := os.Remove(path + ".json"); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenLayer(path); err == nil {
		t.Error("a layer without its digest was opened")
	}
}

func TestLayerDigestIsThatOfTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "layer.tar")
	tree := NewTree()
	tree.Bytes("file", 0o644, bytes.Repeat([]byte("x"), 100000))
	layer, err := WriteLayer(tree, path)
	if err != nil {
		t.Fatal(err)
	}
	checkBlob(t, layer, layer.meta.Digest)
	raw, err := os.ReadFile(path + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var meta layerMeta
	if err := json.Unmarshal(raw, &meta); err != nil || meta != layer.meta {
		t.Errorf("noted %+v, %v, want %+v", meta, err, layer.meta)
	}
}

// checkBlob reads a layer and compares its hash; as it is not compressed, one hash is all it has.
func checkBlob(t *testing.T, layer v1.Layer, want v1.Hash) {
	t.Helper()
	content, err := layer.Compressed()
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	got, size, err := v1.SHA256(content)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := layer.Digest()
	if err != nil {
		t.Fatal(err)
	}
	declared, err := layer.Size()
	if err != nil {
		t.Fatal(err)
	}
	if got != want || digest != want || size != declared {
		t.Errorf("layer of %d bytes %v, declared %d bytes %v, want %v", size, got, declared, digest, want)
	}
}
