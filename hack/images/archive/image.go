// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// NewImage puts layers, the first one lowest, and a run configuration together.
func NewImage(config v1.Config, layers ...*Layer) (v1.Image, error) {
	image := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	image = mutate.ConfigMediaType(image, types.OCIConfigJSON)
	for _, layer := range layers {
		var err error
		image, err = mutate.Append(image, mutate.Addendum{Layer: layer, History: v1.History{Created: v1.Time{Time: Epoch}, CreatedBy: "hack/images"}})
		if err != nil {
			return nil, fmt.Errorf("append layer: %w", err)
		}
	}
	file, err := image.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("make image configuration: %w", err)
	}
	file = file.DeepCopy()
	file.Config = config
	file.Created = v1.Time{Time: Epoch}
	file.OS = "linux"
	file.Architecture = runtime.GOARCH
	return mutate.ConfigFile(image, file)
}

// SaveImage writes an OCI archive (which also has the manifest.json of a docker archive) to a file,
// by rename. ref is the name under which an import files the image.
func SaveImage(path, ref string, image v1.Image) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".image-*")
	if err != nil {
		return fmt.Errorf("save image %s: %w", ref, err)
	}
	defer os.Remove(tmp.Name())
	err = WriteImage(tmp, ref, image)
	if closeErr := tmp.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Chmod(tmp.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("save image %s: %w", ref, err)
	}
	return nil
}

// WriteImage writes the archive as a stream.
func WriteImage(w io.Writer, ref string, image v1.Image) error {
	tree := NewTree()
	manifest, err := image.RawManifest()
	if err != nil {
		return err
	}
	digest, err := image.Digest()
	if err != nil {
		return err
	}
	config, err := image.RawConfigFile()
	if err != nil {
		return err
	}
	configName, err := image.ConfigName()
	if err != nil {
		return err
	}
	tree.Bytes(blobPath(digest), 0o644, manifest)
	tree.Bytes(blobPath(configName), 0o644, config)
	layers, err := image.Layers()
	if err != nil {
		return err
	}
	docker := dockerManifest{Config: blobPath(configName), RepoTags: []string{ref}}
	for _, layer := range layers {
		hash, err := layer.Digest()
		if err != nil {
			return err
		}
		size, err := layer.Size()
		if err != nil {
			return err
		}
		tree.Add(blobPath(hash), Entry{Type: '0', Mode: 0o644, Size: size, Open: layer.Compressed})
		docker.Layers = append(docker.Layers, blobPath(hash))
	}
	index, err := json.Marshal(v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{{
		MediaType: types.OCIManifestSchema1, Digest: digest, Size: int64(len(manifest)),
		Platform: &v1.Platform{OS: "linux", Architecture: runtime.GOARCH},
		// containerd names the image by the first annotation; the second is the specification's.
		Annotations: map[string]string{"io.containerd.image.name": ref, "org.opencontainers.image.ref.name": ref},
	}}})
	if err != nil {
		return err
	}
	dockerJSON, err := json.Marshal([]dockerManifest{docker})
	if err != nil {
		return err
	}
	tree.Bytes("index.json", 0o644, index)
	tree.Bytes("manifest.json", 0o644, dockerJSON)
	tree.Bytes("oci-layout", 0o644, []byte(`{"imageLayoutVersion":"1.0.0"}`))
	return tree.Write(w)
}

// dockerManifest is what `docker load` reads.
type dockerManifest struct {
	Config   string
	RepoTags []string
	Layers   []string
}

func blobPath(hash v1.Hash) string { return "blobs/" + hash.Algorithm + "/" + hash.Hex }
