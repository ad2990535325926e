// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"strings"
	"testing"

	"github.com/virtplane/virtplane/hack/cluster/build"
)

const manifests = `apiVersion: v1
kind: Namespace
metadata:
  name: virtplane-system
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: virt-controller
spec:
  template:
    spec:
      containers:
      - name: virt-controller
        image: virtplane.io/virt-controller:dev
        args: [--leader-elect, "--launcher-image=virtplane.io/virt-launcher:dev"]
`

var overlayImages = []build.Image{
	{Ref: "virtplane.io/virt-controller:dev", Digest: "sha256:0123456789abcdef0123"},
	{Ref: "virtplane.io/virt-launcher:dev", Digest: "sha256:fedcba9876543210fedc"},
}

func TestOverlayNamesImagesByTheirContent(t *testing.T) {
	k, err := newOverlay(manifests, overlayImages, false)
	if err != nil {
		t.Fatal(err)
	}
	if want := (imageTag{Name: "virtplane.io/virt-controller", NewTag: "dev-0123456789ab"}); k.Images[0] != want {
		t.Errorf("image: got %v, want %v", k.Images[0], want)
	}
	// kustomize does not look into arguments.
	want := `- {op: replace, path: /spec/template/spec/containers/0/args/1, value: "--launcher-image=virtplane.io/virt-launcher:dev-fedcba987654"}`
	if len(k.Patches) != 1 || k.Patches[0].Patch != want {
		t.Errorf("patches: got %v, want %s", k.Patches, want)
	}
}

func TestOverlayAllowsEmulationOnlyWithoutKVM(t *testing.T) {
	for _, emulation := range []bool{false, true} {
		k, err := newOverlay(manifests, overlayImages, emulation)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(k.Patches[0].Patch, `args/-, value: "--use-emulation"`); got != emulation {
			t.Errorf("emulation %v: the patch is %s", emulation, k.Patches[0].Patch)
		}
	}
}

func TestOverlayNeedsTheController(t *testing.T) {
	if _, err := newOverlay("kind: Namespace", overlayImages, true); err == nil {
		t.Error("manifests without virt-controller were accepted")
	}
}

func TestParseImagesReadsTheTableOfCtr(t *testing.T) {
	got := parseImages(`REF                    TYPE                                       DIGEST         SIZE      PLATFORMS   LABELS
virtplane.io/pause:dev application/vnd.oci.image.manifest.v1+json sha256:64f5bea 669.2 KiB linux/amd64 io.cri-containerd.image=managed
`)
	if len(got) != 1 || got["virtplane.io/pause:dev"] != "sha256:64f5bea" {
		t.Errorf("got %v", got)
	}
}
