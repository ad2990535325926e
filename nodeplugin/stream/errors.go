// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/session"
	"github.com/virtplane/virtplane/nodeplugin/domain"
)

// instance is how KubeVirt's errors name the kind: in the singular.
var instance = schema.GroupResource{Group: v1.GroupName, Resource: "virtualmachineinstance"}

func notFound(name string) error { return apierrors.NewNotFound(instance, name) }

func conflict(name, message string) error {
	return apierrors.NewConflict(instance, name, errors.New(message))
}

// commandError translates what a command ended with.
func commandError(verb session.Verb, err error) error {
	var refused domain.CommandError
	switch {
	case errors.Is(err, domain.ErrNotConnected):
		return apierrors.NewServiceUnavailable(err.Error())
	case errors.Is(err, domain.ErrBusy):
		return apierrors.NewTooManyRequests(err.Error(), 1)
	case errors.Is(err, context.DeadlineExceeded):
		return apierrors.NewTimeoutError("the launcher did not answer in time", 1)
	case errors.As(err, &refused) && string(refused) == session.UnknownVerb(verb):
		return notServed(verb)
	case errors.As(err, &refused):
		return apierrors.NewInternalError(refused)
	}
	return apierrors.NewInternalError(err)
}

// notServed says that the launcher is of a version that does not know the verb.
func notServed(verb session.Verb) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusNotImplemented, Reason: "NotImplemented",
		Message: fmt.Sprintf("the launcher of this instance was started by an older version that does not know %q; "+
			"stop and start the virtual machine to get a newer one", verb),
	}}
}

// writeError answers with a metav1.Status, as the API server does.
func writeError(w http.ResponseWriter, err error) {
	var known apierrors.APIStatus
	if !errors.As(err, &known) {
		known = apierrors.NewInternalError(err)
	}
	status := known.Status()
	status.Kind, status.APIVersion = "Status", metav1.SchemeGroupVersion.Version
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(int(status.Code))
	// The client may be gone; there is nobody else to tell.
	_ = json.NewEncoder(w).Encode(status)
}
