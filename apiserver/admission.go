// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/client-go/tools/cache"
)

// admissionRoles is where the rights are that admission needs in the host cluster.
const admissionRoles = "artifacts/deploy/apiserver-rbac.yaml"

// hostObjects are the objects of the host cluster that decide about writes: namespaces, webhooks and
// policies. Without them nothing is admitted, for what they forbid would pass.
type hostObjects struct {
	informers map[string]cache.SharedIndexInformer

	// mu guards problems.
	mu sync.Mutex
	// problems is why an informer could not read last, by resource.
	problems map[string]error
}

var errHostObjects = errors.New("what the host cluster's admission rules are is not known yet")

// newHostObjects follows informers that are not started yet, by resource.
func newHostObjects(informers map[string]cache.SharedIndexInformer) (*hostObjects, error) {
	h := &hostObjects{informers: informers, problems: map[string]error{}}
	for resource, informer := range informers {
		if err := informer.SetWatchErrorHandlerWithContext(func(ctx context.Context, r *cache.Reflector, err error) {
			h.mu.Lock()
			h.problems[resource] = err
			h.mu.Unlock()
			cache.DefaultWatchErrorHandler(ctx, r, err)
		}); err != nil {
			return nil, fmt.Errorf("follow %s of the host cluster: %w", resource, err)
		}
	}
	return h, nil
}

// refused returns the resources that the server may not read, and whether others are not read yet.
func (h *hostObjects) refused() (refused []string, loading bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for resource, informer := range h.informers {
		switch {
		case informer.HasSynced():
		case apierrors.IsForbidden(h.problems[resource]):
			refused = append(refused, resource)
		default:
			loading = true
		}
	}
	slices.Sort(refused)
	return refused, loading
}

// Name names the check of readiness.
func (*hostObjects) Name() string { return "host-admission-rules" }

// Check tells whether writes can be decided. A missing right leaves the server ready: reads need
// none, and the refusal of a write says what to do, which an absent server could not.
func (h *hostObjects) Check(*http.Request) error {
	if _, loading := h.refused(); loading {
		return errHostObjects
	}
	return nil
}

// Rights returns the lasting problem that rights are missing.
func (h *hostObjects) Rights(*http.Request) error {
	if refused, _ := h.refused(); len(refused) > 0 {
		return fmt.Errorf("writes are refused: virt-apiserver may not list and watch %s in the host cluster, which decide about them; apply %s of this version",
			strings.Join(refused, ", "), admissionRoles)
	}
	return nil
}

// decide returns why a write cannot be decided now.
func (h *hostObjects) decide() error {
	if err := h.Rights(nil); err != nil {
		return apierrors.NewServiceUnavailable(err.Error())
	}
	if err := h.Check(nil); err != nil {
		wait := apierrors.NewServiceUnavailable(err.Error())
		wait.ErrStatus.Details = &metav1.StatusDetails{RetryAfterSeconds: 1}
		return wait
	}
	return nil
}

// gate is an admission chain that says at once when it cannot decide; the chain alone would have each
// write wait and then call it forbidden.
type gate struct {
	admission.Interface
	rules *hostObjects
}

var (
	_ admission.MutationInterface   = gate{}
	_ admission.ValidationInterface = gate{}
)

// Admit lets the chain change the object.
func (g gate) Admit(ctx context.Context, a admission.Attributes, o admission.ObjectInterfaces) error {
	if err := g.rules.decide(); err != nil {
		return err
	}
	if chain, ok := g.Interface.(admission.MutationInterface); ok {
		return chain.Admit(ctx, a, o)
	}
	return nil
}

// Validate lets the chain refuse the object.
func (g gate) Validate(ctx context.Context, a admission.Attributes, o admission.ObjectInterfaces) error {
	if err := g.rules.decide(); err != nil {
		return err
	}
	if chain, ok := g.Interface.(admission.ValidationInterface); ok {
		return chain.Validate(ctx, a, o)
	}
	return nil
}
