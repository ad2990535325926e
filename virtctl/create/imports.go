// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package create

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// ImportType is something that a DataVolume is filled with.
type ImportType struct {
	// Name is the value of type.
	Name string
	// Keys are those that the type takes beside type, name, size and bootorder.
	Keys []string
	// sized tells that the size follows from what is imported.
	sized bool
	fill  func(p *params, spec *v1.DataVolumeSpec) error
}

// ImportKeys are those that every type takes.
var ImportKeys = []string{"type", "name", "size", "bootorder"}

// ImportTypes are in the order of the help.
var ImportTypes = []ImportType{
	{Name: "blank", fill: fillBlank},
	{Name: "gcs", Keys: []string{"url", "secretref"}, fill: fillGCS},
	{Name: "http", Keys: []string{"url", "secretref", "certconfigmap", "extraheaders", "secretextraheaders"}, fill: fillHTTP},
	{Name: "imageio", Keys: []string{"url", "diskid", "secretref", "certconfigmap"}, fill: fillImageIO},
	{Name: "pvc", Keys: []string{"src"}, sized: true, fill: fillClaim},
	{Name: "registry", Keys: []string{"url", "imagestream", "pullmethod", "secretref", "certconfigmap"}, fill: fillRegistry},
	{Name: "s3", Keys: []string{"url", "secretref", "certconfigmap"}, fill: fillS3},
	{Name: "vddk", Keys: []string{"url", "uuid", "thumbprint", "secretref", "backingfile", "initimageurl"}, fill: fillVDDK},
	{Name: "snapshot", Keys: []string{"src"}, sized: true, fill: fillSnapshot},
	{Name: "ds", Keys: []string{"src"}, sized: true, fill: fillDataSource},
}

// addImports adds the volumes of --volume-import and of the flags that came before it.
func (d *draft) addImports() error {
	n := 0
	for _, former := range []struct {
		flag, kind string
		values     []string
	}{
		{"volume-datasource", "ds", d.DataSources},
		{"volume-clone-pvc", "pvc", d.ClonedClaims},
		{"volume-blank", "blank", d.Blanks},
		{"volume-import", "", d.Imports},
	} {
		for _, text := range former.values {
			if err := d.addImport(former.flag, former.kind, text, n); err != nil {
				return err
			}
			n++
		}
	}
	return nil
}

func (d *draft) addImport(flag, kind, text string, n int) error {
	if kind == "" {
		kind = typeIn(text)
	}
	i := slices.IndexFunc(ImportTypes, func(t ImportType) bool { return t.Name == kind })
	if i < 0 {
		return (&params{flag: flag, text: text}).errorf("type has to be one of %s", strings.Join(importNames(), ", "))
	}
	wanted := ImportTypes[i]
	p, err := parse(flag, text, slices.Concat(ImportKeys, wanted.Keys)...)
	if err != nil {
		return err
	}
	size, err := p.quantity("size")
	if err != nil {
		return err
	}
	if size == nil && !wanted.sized {
		return p.errorf("size is missing")
	}
	template := v1.DataVolumeTemplateSpec{Spec: v1.DataVolumeSpec{Storage: &v1.StorageSpec{}}}
	if err := wanted.fill(p, &template.Spec); err != nil {
		return err
	}
	if size != nil {
		template.Spec.Storage.Resources.Requests = corev1.ResourceList{corev1.ResourceStorage: *size}
	}
	name := d.name(p, "imported-volume", n)
	template.ObjectMeta = metav1.ObjectMeta{Name: name}
	d.vm.Spec.DataVolumeTemplates = append(d.vm.Spec.DataVolumeTemplates, template)
	return d.add(p, name, v1.VolumeSource{DataVolume: &v1.DataVolumeSource{Name: name}})
}

// typeIn returns the type in a value that is not parsed yet, since the type says which keys there are.
func typeIn(text string) string {
	for _, part := range strings.Split(text, ",") {
		if name, found := strings.CutPrefix(part, "type:"); found {
			return name
		}
	}
	return ""
}

func importNames() []string {
	names := make([]string, len(ImportTypes))
	for i, t := range ImportTypes {
		names[i] = t.Name
	}
	return names
}
