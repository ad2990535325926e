// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// reserved are the labels that only virtplane may set on instances.
var reserved = []string{
	v1.CreatedByLabel, v1.NodeNameLabel, v1.NodeSchedulableLabel,
	"kubevirt.io/migrationJobUID", "kubevirt.io/migrationTargetNodeName", "kubevirt.io/install-strategy",
}

// demanding are the annotations that change a guest elsewhere; a guest without the change would not be what was asked for.
var demanding = []struct{ annotation, why string }{
	{"hooks.kubevirt.io/hookSidecars", "sidecars that change a domain are not supported by this version of virtplane; remove the annotation"},
	{"kubevirt.io/ignitiondata", "ignition is not supported by this version of virtplane; use cloud-init"},
}

func reservedLabels(labels map[string]string, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, label := range reserved {
		if _, set := labels[label]; set {
			errs = append(errs, field.Forbidden(path.Key(label), "creation of the following reserved kubevirt.io/ labels on a VMI object is prohibited"))
		}
	}
	return errs
}

func demandingAnnotations(annotations map[string]string, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, d := range demanding {
		if _, set := annotations[d.annotation]; set {
			errs = append(errs, field.Forbidden(path.Key(d.annotation), d.why))
		}
	}
	return errs
}
