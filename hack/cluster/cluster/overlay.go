// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/virtplane/virtplane/hack/cluster/build"
)

// Options of virt-controller that depend on the cluster.
const (
	controllerName    = "virt-controller"
	launcherImageFlag = "--launcher-image="
	emulationFlag     = "--use-emulation"
)

// kustomization is the part of a kustomization file that the overlay uses.
type kustomization struct {
	APIVersion string     `json:"apiVersion"`
	Kind       string     `json:"kind"`
	Resources  []string   `json:"resources"`
	Images     []imageTag `json:"images"`
	Patches    []patch    `json:"patches,omitempty"`
}

type imageTag struct {
	Name   string `json:"name"`
	NewTag string `json:"newTag"`
}

type patch struct {
	Target target `json:"target"`
	Patch  string `json:"patch"`
}

type target struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// workload is the part of a Deployment that the overlay looks at.
type workload struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		Template struct {
			Spec struct {
				Containers []struct {
					Args []string `json:"args"`
				} `json:"containers"`
			} `json:"spec"`
		} `json:"template"`
	} `json:"spec"`
}

// newOverlay returns a kustomization over artifacts/deploy, whose rendered form is base.
func newOverlay(base string, images []build.Image, emulation bool) (*kustomization, error) {
	k := &kustomization{APIVersion: "kustomize.config.k8s.io/v1beta1", Kind: "Kustomization", Resources: []string{"../../artifacts/deploy"}}
	contentRefs := map[string]string{}
	for _, image := range images {
		name, _, _ := strings.Cut(image.Ref, ":")
		k.Images = append(k.Images, imageTag{Name: name, NewTag: ContentTag(image)})
		contentRefs[image.Ref] = ContentRef(image)
	}
	args, err := controllerArgs(base)
	if err != nil {
		return nil, err
	}
	const path = "/spec/template/spec/containers/0/args/"
	var steps []string
	for i, arg := range args {
		if ref, ok := contentRefs[strings.TrimPrefix(arg, launcherImageFlag)]; ok && strings.HasPrefix(arg, launcherImageFlag) {
			steps = append(steps, fmt.Sprintf("- {op: replace, path: %s%d, value: %q}", path, i, launcherImageFlag+ref))
		}
	}
	if emulation && !slices.Contains(args, emulationFlag) {
		steps = append(steps, fmt.Sprintf("- {op: add, path: %s-, value: %q}", path, emulationFlag))
	}
	if len(steps) > 0 {
		k.Patches = []patch{{Target: target{Kind: "Deployment", Name: controllerName}, Patch: strings.Join(steps, "\n")}}
	}
	return k, nil
}

// controllerArgs finds the arguments of virt-controller among rendered manifests.
func controllerArgs(manifests string) ([]string, error) {
	for document := range strings.SplitSeq(manifests, "\n---\n") {
		w := &workload{}
		if err := yaml.Unmarshal([]byte(document), w); err != nil {
			// Another kind of object may use the same names differently.
			continue
		}
		if w.Kind == "Deployment" && w.Metadata.Name == controllerName && len(w.Spec.Template.Spec.Containers) > 0 {
			return w.Spec.Template.Spec.Containers[0].Args, nil
		}
	}
	return nil, errors.New("artifacts/deploy has no Deployment " + controllerName)
}
