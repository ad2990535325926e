// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"errors"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/client-go/tools/cache"
)

// informer is one that has synced or not.
type informer struct {
	cache.SharedIndexInformer
	synced bool
	failed cache.WatchErrorHandlerWithContext
}

func (i *informer) HasSynced() bool { return i.synced }

func (i *informer) SetWatchErrorHandlerWithContext(handler cache.WatchErrorHandlerWithContext) error {
	i.failed = handler
	return nil
}

// chain counts what it was asked.
type chain struct{ admits, validates int }

func (*chain) Handles(admission.Operation) bool { return true }

func (c *chain) Admit(context.Context, admission.Attributes, admission.ObjectInterfaces) error {
	c.admits++
	return nil
}

func (c *chain) Validate(context.Context, admission.Attributes, admission.ObjectInterfaces) error {
	c.validates++
	return errors.New("not this one")
}

func TestWritesWaitForTheRulesOfTheHost(t *testing.T) {
	policies, namespaces := &informer{}, &informer{synced: true}
	rules, err := newHostObjects(map[string]cache.SharedIndexInformer{"validatingadmissionpolicies.admissionregistration.k8s.io": policies, "namespaces": namespaces})
	if err != nil {
		t.Fatal(err)
	}
	c := &chain{}
	g := gate{Interface: c, rules: rules}
	try := func() error {
		t.Helper()
		admit, validate := g.Admit(t.Context(), nil, nil), g.Validate(t.Context(), nil, nil)
		if (admit == nil) != (c.admits > 0) || admit != nil && (validate == nil || c.validates > 0) {
			t.Fatalf("admit %v, validate %v, of the chain %+v", admit, validate, c)
		}
		return admit
	}

	err = try()
	if !apierrors.IsServiceUnavailable(err) || rules.Check(nil) == nil || rules.Rights(nil) != nil {
		t.Errorf("while the rules are loaded: %v; ready %v; rights %v", err, rules.Check(nil), rules.Rights(nil))
	}
	if seconds, ok := apierrors.SuggestsClientDelay(err); !ok || seconds != 1 {
		t.Errorf("clients shall come again after %d s (%t)", seconds, ok)
	}

	reflector := cache.NewReflector(nil, nil, nil, 0)
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "validatingadmissionpolicies"}, "", errors.New("no role"))
	policies.failed(t.Context(), reflector, forbidden)
	err = try()
	if !apierrors.IsServiceUnavailable(err) || !strings.Contains(err.Error(), "may not list and watch validatingadmissionpolicies.admissionregistration.k8s.io in the host cluster") ||
		!strings.Contains(err.Error(), admissionRoles) || rules.Check(nil) != nil || rules.Rights(nil) == nil {
		t.Errorf("without a right: %v; ready %v; rights %v", err, rules.Check(nil), rules.Rights(nil))
	}

	policies.synced = true
	if err := try(); err != nil || rules.Check(nil) != nil || rules.Rights(nil) != nil || c.admits != 1 {
		t.Errorf("with the rules: %v", err)
	}
	if err := g.Validate(t.Context(), nil, nil); err == nil || err.Error() != "not this one" {
		t.Errorf("the chain's refusal came as %v", err)
	}
}
