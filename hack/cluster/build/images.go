// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/virtplane/virtplane/hack/cluster/progress"
	"github.com/virtplane/virtplane/hack/cluster/settings"
)

// Image is one archive that the program in hack/images made.
type Image struct {
	// Ref is the name with tag, for example virtplane.io/pause:dev.
	Ref string `json:"ref"`
	// Tar is the archive.
	Tar string `json:"tar"`
	// Digest identifies the content.
	Digest string `json:"digest"`
	// OnDemand is set for images that only some tests want: no cluster waits for them.
	OnDemand bool `json:"onDemand"`
}

// Name is how `images` and `load` call the image: the last part of its reference, without the tag.
func (i Image) Name() string {
	name, _, _ := strings.Cut(path.Base(i.Ref), ":")
	return name
}

// Wanted returns the images with these names; with none, those that every cluster gets.
func Wanted(images []Image, names []string) ([]Image, error) {
	if len(names) == 0 {
		return slices.DeleteFunc(slices.Clone(images), func(image Image) bool { return image.OnDemand }), nil
	}
	var wanted []Image
	for _, name := range names {
		at := slices.IndexFunc(images, func(image Image) bool { return image.Name() == name })
		if at < 0 {
			return nil, fmt.Errorf("image %s is not built; build it with: bin/cluster images %s", name, name)
		}
		wanted = append(wanted, images[at])
	}
	return wanted, nil
}

// Images builds the images whose content has changed; with no names, all but those on demand.
func Images(ctx context.Context, s *settings.Settings, only string) ([]Image, error) {
	program := filepath.Join(s.BinDir(), "images")
	compile := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", program, ".")
	compile.Dir = filepath.Join(s.RepoDir, "hack", "images")
	compile.Env = append(os.Environ(), "GOWORK=off")
	if _, err := progress.Run(ctx, compile); err != nil {
		return nil, err
	}
	args := []string{"--bin-dir", s.BinDir(), "--cache-dir", s.ImageDir(), "--out-dir", outDir(s), "--source-dir", filepath.Join(s.RepoDir, "artifacts", "images")}
	if only != "" {
		args = append(args, "--only", only)
	}
	if _, err := progress.Run(ctx, exec.Command(program, args...)); err != nil {
		return nil, err
	}
	return BuiltImages(s)
}

// BuiltImages returns the images as they were last built.
func BuiltImages(s *settings.Settings) ([]Image, error) {
	dir := outDir(s)
	text, err := os.ReadFile(filepath.Join(dir, "images.json"))
	if err != nil {
		return nil, fmt.Errorf("read list of images: %w", err)
	}
	var images []Image
	if err := json.Unmarshal(text, &images); err != nil {
		return nil, fmt.Errorf("read list of images: %w", err)
	}
	for i := range images {
		if !filepath.IsAbs(images[i].Tar) {
			images[i].Tar = filepath.Join(dir, images[i].Tar)
		}
	}
	return images, nil
}

// outDir is outside the clone, so that a new clone or a new cluster does not write the same archives again.
func outDir(s *settings.Settings) string { return filepath.Join(s.ImageDir(), "out") }
