// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"context"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/subresource"
)

// check tells whether a verb fits the state of an instance.
type check func(ctx context.Context, vmi *v1.VirtualMachineInstance) error

// options are what a verb takes in its body.
type options struct {
	// values is what the body is read into and the plugin is sent; nil for a verb that takes no options.
	values any
	// dryRun is the field of that name in values, or nil.
	dryRun *[]string
	// missing is the answer to a request without a body; empty for options that may be absent.
	missing string
}

// read reads the body of a request and tells whether nothing shall be done.
func (o options) read(req *http.Request) (dry bool, err error) {
	dryRun := subresource.DryRun(req)
	if o.values == nil {
		return len(dryRun) > 0, nil
	}
	if o.dryRun != nil {
		err := subresource.Options(req, o.values, o.dryRun)
		return len(*o.dryRun) > 0, err
	}
	given, err := subresource.ReadOptions(req, o.values)
	if err == nil && !given && o.missing != "" {
		err = apierrors.NewBadRequest(o.missing)
	}
	return len(dryRun) > 0, err
}

// command returns a route that has the plugin of the node do verb.
func (i *Instances) command(verb string, newOptions func() options, checks ...check) subresource.Func {
	return func(req *http.Request, name string) (http.Handler, error) {
		given := options{}
		if newOptions != nil {
			given = newOptions()
		}
		dry, err := given.read(req)
		if err != nil {
			return nil, err
		}
		vmi, err := i.checked(req.Context(), name, checks)
		if err != nil {
			return nil, err
		}
		if dry {
			return subresource.Done(http.StatusOK), nil
		}
		if err := i.do(req.Context(), vmi, verb, given.values); err != nil {
			return nil, err
		}
		return subresource.Done(http.StatusOK), nil
	}
}

func (i *Instances) do(ctx context.Context, vmi *v1.VirtualMachineInstance, verb string, values any) error {
	target, err := i.hop.locate(vmi, verb)
	if err != nil {
		return err
	}
	_, _, err = target.call(ctx, http.MethodPut, values)
	return err
}

// query returns a route that answers what the plugin of the node answers. contentType is the type of the
// answer, or its first part when the plugin may choose.
func (i *Instances) query(verb, contentType string, checks ...check) subresource.Func {
	return func(req *http.Request, name string) (http.Handler, error) {
		vmi, err := i.checked(req.Context(), name, checks)
		if err != nil {
			return nil, err
		}
		target, err := i.hop.locate(vmi, verb)
		if err != nil {
			return nil, err
		}
		got, body, err := target.call(req.Context(), http.MethodGet, nil)
		if err != nil {
			return nil, err
		}
		if got == "" {
			got = contentType
		}
		if !strings.HasPrefix(got, contentType) {
			return nil, target.unexpected(got, contentType)
		}
		return subresource.Content(got, body), nil
	}
}

func (i *Instances) checked(ctx context.Context, name string, checks []check) (*v1.VirtualMachineInstance, error) {
	vmi, err := i.get(ctx, name)
	if err != nil {
		return nil, err
	}
	for _, check := range checks {
		if err := check(ctx, vmi); err != nil {
			return nil, err
		}
	}
	return vmi, nil
}
