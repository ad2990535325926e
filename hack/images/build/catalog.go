// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"fmt"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/virtplane/virtplane/hack/images/archive"
)

// Image is one image that can be built.
type Image struct {
	Name   string
	Config v1.Config
	// OnDemand is set for images that are built only where they are named.
	OnDemand bool
	layers   func(*Env) ([]*archive.Layer, error)
}

// Build makes the image's layers, as far as they are not cached, and puts the image together.
func (i Image) Build(e *Env) (v1.Image, error) {
	layers, err := i.layers(e)
	if err != nil {
		return nil, fmt.Errorf("build %s: %w", i.Name, err)
	}
	image, err := archive.NewImage(i.Config, layers...)
	if err != nil {
		return nil, fmt.Errorf("build %s: %w", i.Name, err)
	}
	return image, nil
}

// Catalog lists all images, the quick ones first.
func Catalog() []Image {
	return []Image{
		pause(),
		tools(),
		component("virt-apiserver", "65532:65532"),
		component("virt-controller", "65532:65532"),
		component("virt-nodeplugin", "0:0"),
		launcher(),
		guestTiny(),
		guestDebian(),
	}
}

// Select returns the images with these names; for no name, all but those on demand.
func Select(names []string) ([]Image, error) {
	all := Catalog()
	if len(names) == 0 {
		return slices.DeleteFunc(all, func(image Image) bool { return image.OnDemand }), nil
	}
	known := map[string]Image{}
	var list []string
	for _, image := range all {
		known[image.Name] = image
		list = append(list, image.Name)
	}
	var selected []Image
	for _, name := range names {
		image, ok := known[name]
		if !ok {
			return nil, fmt.Errorf("no image is called %q; there are %s", name, strings.Join(list, ", "))
		}
		selected = append(selected, image)
	}
	return selected, nil
}
