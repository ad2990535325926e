// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package create

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// matched is one of instance type and preference: the same flags, with other names.
type matched struct {
	flag, name, from string
	infer            bool
	kinds            []string
}

// addMatchers names instance type and preference, or the volume that does.
func (d *draft) addMatchers() error {
	if d.typed() && (d.Memory != "" || d.CPUs > 0) {
		return errors.New("--memory and --cpu exclude an instance type, which gives them")
	}
	found, err := d.match(matched{"instancetype", d.Instancetype, d.InferInstancetypeFrom, d.InferInstancetype,
		[]string{"virtualmachineinstancetype", "virtualmachineclusterinstancetype"}})
	if err != nil {
		return err
	}
	if found != nil {
		d.vm.Spec.Instancetype = (*v1.InstancetypeMatcher)(found)
	}
	d.vm.Spec.Preference, err = d.match(matched{"preference", d.Preference, d.InferPreferenceFrom, d.InferPreference,
		[]string{"virtualmachinepreference", "virtualmachineclusterpreference"}})
	return err
}

func (d *draft) match(m matched) (*v1.PreferenceMatcher, error) {
	switch {
	case m.name != "" && (m.infer || m.from != "") || m.infer && m.from != "":
		return nil, fmt.Errorf("--%s, --infer-%s and --infer-%s-from exclude each other", m.flag, m.flag, m.flag)
	case m.name != "":
		kind, name, err := split(m.name)
		if err != nil {
			return nil, fmt.Errorf("--%s=%s: %w", m.flag, m.name, err)
		}
		kind = strings.ToLower(kind)
		if kind != "" && !slices.Contains(m.kinds, kind) {
			return nil, fmt.Errorf("--%s=%s: the kind has to be one of %s", m.flag, m.name, strings.Join(m.kinds, ", "))
		}
		return &v1.PreferenceMatcher{Name: name, Kind: kind}, nil
	case !m.infer && m.from == "":
		return nil, nil
	}
	volume := m.from
	if volume == "" {
		volume = d.firstVolume()
	}
	if err := d.infers(volume); err != nil {
		return nil, fmt.Errorf("infer %s: %w", m.flag, err)
	}
	return &v1.PreferenceMatcher{InferFromVolume: volume}, nil
}

// firstVolume returns the volume that the guest boots from.
func (d *draft) firstVolume() string {
	if len(d.order) > 0 {
		return d.order[slices.Min(slices.Collect(maps.Keys(d.order)))]
	}
	if volumes := d.spec().Volumes; len(volumes) > 0 {
		return volumes[0].Name
	}
	return ""
}

// infers tells whether a volume can carry the labels that name an instance type.
func (d *draft) infers(name string) error {
	if name == "" {
		return errors.New("there is no volume to infer it from")
	}
	volume := d.volume(name)
	switch {
	case volume == nil:
		return fmt.Errorf("there is no volume %s", name)
	case volume.PersistentVolumeClaim != nil:
		return nil
	case volume.DataVolume == nil:
		return fmt.Errorf("the volume %s is neither a claim nor an import, which alone have the labels", name)
	}
	for _, t := range d.vm.Spec.DataVolumeTemplates {
		source := t.Spec.Source
		if t.ObjectMeta.Name == name && source != nil && source.PVC == nil && source.Registry == nil && source.Snapshot == nil {
			return fmt.Errorf("the volume %s has to come from a claim, a registry, a snapshot or a data source", name)
		}
	}
	return nil
}
