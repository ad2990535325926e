// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"fmt"
	"net/http"
	"strings"

	"k8s.io/apimachinery/pkg/api/validate/content"
)

const (
	objectsPath      = "/apis/kubevirt.io/v1"
	subresourcesPath = "/apis/subresources.kubevirt.io/v1"
	corePath         = "/api/v1"

	machines  = "virtualmachines"
	instances = "virtualmachineinstances"
)

func join(segments ...string) string { return strings.Join(segments, "/") }

// place is what a request is about: a virtual machine, its instance, or both, which have one name.
type place struct{ namespace, name string }

// placeOf reads the place from the request's path, and answers the request itself when there is none to be reached.
func (s *server) placeOf(w http.ResponseWriter, r *http.Request) (place, bool) {
	p := place{r.PathValue("namespace"), r.PathValue("name")}
	for _, segment := range []string{p.namespace, p.name} {
		// Anything else would end up in another path of the cluster's API.
		if problems := content.IsPathSegmentName(segment); len(problems) > 0 || segment == "" {
			writeError(w, http.StatusBadRequest, fmt.Errorf("%q is not a valid name: %s", segment, strings.Join(problems, ", ")))
			return p, false
		}
	}
	if s.View != Machines && p != (place{s.Namespace, s.Name}) {
		writeError(w, http.StatusForbidden, fmt.Errorf("this virtctl serves %s in namespace %s only", s.Name, s.Namespace))
		return p, false
	}
	return p, true
}

// of returns a path in the cluster's API below a resource of the place's name.
func (p place) of(resource string, below ...string) []string {
	return append([]string{subresourcesPath, "namespaces", p.namespace, resource, p.name}, below...)
}
