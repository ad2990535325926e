// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// Warnings names each field of kv that is set and changes nothing, unless old, which may be nil, has the same: who changes
// one setting wants to read of that one.
func Warnings(kv, old *v1.KubeVirt) []string {
	if old == nil {
		old = &v1.KubeVirt{}
	}
	var out []string
	walk(reflect.ValueOf(kv.Spec), reflect.ValueOf(old.Spec), "", func(path, why string) {
		out = append(out, fmt.Sprintf("spec.%s is not used by virtplane: %s", path, why))
	})
	return append(out, valueWarnings(&kv.Spec.Configuration, &old.Spec.Configuration)...)
}

func walk(value, old reflect.Value, path string, report func(path, why string)) {
	if why, ok := unused[path]; ok {
		if !value.IsZero() && !(old.IsValid() && reflect.DeepEqual(value.Interface(), old.Interface())) {
			report(path, why)
		}
		return
	}
	if slices.Contains(used, path) {
		return
	}
	if value.Kind() == reflect.Pointer {
		if value.IsNil() {
			return
		}
		value = value.Elem()
		if old.IsValid() {
			old = old.Elem() // of nil it is no valid value
		}
	}
	for i := range value.NumField() {
		was := old
		if was.IsValid() {
			was = was.Field(i)
		}
		name, _, _ := strings.Cut(value.Type().Field(i).Tag.Get("json"), ",")
		walk(value.Field(i), was, strings.TrimPrefix(path+"."+name, "."), report)
	}
}

// valueWarnings names values of used fields that do not do what they say.
func valueWarnings(c, old *v1.KubeVirtConfiguration) []string {
	var out []string
	if n := c.NetworkConfiguration; n != nil && n.NetworkInterface == bridge &&
		(old.NetworkConfiguration == nil || old.NetworkConfiguration.NetworkInterface != bridge) {
		out = append(out, `spec.configuration.network.defaultNetworkInterface "bridge" is not used by virtplane: instances get masquerade`)
	}
	if s := c.EvictionStrategy; s != nil && *s != v1.EvictionStrategyNone && (old.EvictionStrategy == nil || *s != *old.EvictionStrategy) {
		out = append(out, fmt.Sprintf("spec.configuration.evictionStrategy %q does not keep guests running yet: an eviction shuts them down", *s))
	}
	if c.DeveloperConfiguration == nil {
		return out
	}
	before := v1.DeveloperConfiguration{}
	if old.DeveloperConfiguration != nil {
		before = *old.DeveloperConfiguration
	}
	for _, list := range []struct {
		field      string
		names, old []string
	}{
		{"featureGates", c.DeveloperConfiguration.FeatureGates, before.FeatureGates},
		{"disabledFeatureGates", c.DeveloperConfiguration.DisabledFeatureGates, before.DisabledFeatureGates},
	} {
		for i, name := range list.names {
			if !KnownGate(name) && !slices.Contains(list.old, name) {
				out = append(out, fmt.Sprintf("spec.configuration.developerConfiguration.%s[%d]: there is no feature gate %q", list.field, i, name))
			}
		}
	}
	return out
}
