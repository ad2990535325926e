// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/validation"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/virtplane/virtplane/apis/kubevirt/support"
	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// maxListed caps volumes and networks of an instance, as the API documents it.
const maxListed = 256

// VirtualMachineInstance returns every problem of a new VirtualMachineInstance.
func VirtualMachineInstance(vmi *v1.VirtualMachineInstance) field.ErrorList {
	meta := field.NewPath("metadata")
	errs := validation.ValidateObjectMeta(&vmi.ObjectMeta, true, validation.NameIsDNSSubdomain, meta)
	errs = append(errs, reservedLabels(vmi.Labels, meta.Child("labels"))...)
	errs = append(errs, demandingAnnotations(vmi.Annotations, meta.Child("annotations"))...)
	return atMost(append(errs, instanceSpec(&vmi.Spec, field.NewPath("spec"))...))
}

// VirtualMachineInstanceUpdate returns every problem of a changed VirtualMachineInstance, whose
// spec nobody may change.
func VirtualMachineInstanceUpdate(vmi, old *v1.VirtualMachineInstance) field.ErrorList {
	meta := field.NewPath("metadata")
	errs := validation.ValidateObjectMetaUpdate(&vmi.ObjectMeta, &old.ObjectMeta, meta)
	for _, label := range reserved {
		if vmi.Labels[label] != old.Labels[label] {
			errs = append(errs, field.Forbidden(meta.Child("labels").Key(label), "modification of a reserved kubevirt.io/ label on a VMI object is prohibited"))
		}
	}
	if !equality.Semantic.DeepEqual(vmi.Spec, old.Spec) {
		errs = append(errs, field.Forbidden(field.NewPath("spec"), "update of VMI object is restricted: the spec of a running instance cannot be changed; change the VirtualMachine and restart it"))
	}
	return errs
}

// instanceSpec checks a spec whose defaults are filled in.
func instanceSpec(spec *v1.VirtualMachineInstanceSpec, path *field.Path) field.ErrorList {
	return beside(support.Refused(spec, path), rules(spec, path))
}

// rules checks all that a spec says, implemented or not.
func rules(spec *v1.VirtualMachineInstanceSpec, path *field.Path) field.ErrorList {
	errs := domain(&spec.Domain, path.Child("domain"))
	errs = append(errs, volumes(spec, path)...)
	errs = append(errs, networks(spec, path)...)
	errs = append(errs, placement(spec, path)...)
	errs = append(errs, credentials(spec, path)...)
	errs = append(errs, probe(spec, spec.LivenessProbe, path.Child("livenessProbe"))...)
	errs = append(errs, probe(spec, spec.ReadinessProbe, path.Child("readinessProbe"))...)
	if spec.StartStrategy != nil && *spec.StartStrategy != v1.StartStrategyPaused {
		errs = append(errs, field.NotSupported(path.Child("startStrategy"), *spec.StartStrategy, []v1.StartStrategy{v1.StartStrategyPaused}))
	}
	if spec.StartStrategy != nil && spec.LivenessProbe != nil {
		errs = append(errs, field.Forbidden(path.Child("livenessProbe"), "a guest that starts paused would fail its liveness probe; remove one of the two"))
	}
	if s := spec.EvictionStrategy; s != nil && !slices.Contains(evictionStrategies, *s) {
		errs = append(errs, field.NotSupported(path.Child("evictionStrategy"), *s, evictionStrategies))
	}
	if spec.Architecture != "amd64" {
		errs = append(errs, field.NotSupported(path.Child("architecture"), spec.Architecture, []string{"amd64"}))
	}
	if g := spec.TerminationGracePeriodSeconds; *g < 0 {
		errs = append(errs, field.Invalid(path.Child("terminationGracePeriodSeconds"), *g, "must not be negative"))
	}
	return errs
}

var evictionStrategies = []v1.EvictionStrategy{
	v1.EvictionStrategyNone, v1.EvictionStrategyLiveMigrate, v1.EvictionStrategyLiveMigrateIfPossible, v1.EvictionStrategyExternal,
}

func names(path *field.Path, name string, seen map[string]bool) field.ErrorList {
	var errs field.ErrorList
	for _, problem := range utilvalidation.IsDNS1123Label(name) {
		errs = append(errs, field.Invalid(path, name, problem))
	}
	if seen[name] {
		errs = append(errs, field.Duplicate(path, name))
	}
	seen[name] = true
	return errs
}

func tooMany(path *field.Path, n int) field.ErrorList {
	if n <= maxListed {
		return nil
	}
	return field.ErrorList{field.TooMany(path, n, maxListed)}
}

func exactlyOne(path *field.Path, what string, set []string) field.ErrorList {
	switch len(set) {
	case 0:
		return field.ErrorList{field.Required(path, fmt.Sprintf("must have exactly one %s", what))}
	case 1:
		return nil
	}
	return field.ErrorList{field.Invalid(path, fmt.Sprint(set), fmt.Sprintf("must have exactly one %s", what))}
}

// members returns the JSON names of the fields that are set in a struct of which one may be set.
func members(union any) []string {
	var set []string
	v := reflect.ValueOf(union)
	for i := range v.NumField() {
		if !v.Field(i).IsNil() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			set = append(set, name)
		}
	}
	return set
}
