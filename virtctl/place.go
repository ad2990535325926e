// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/rest"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/virtctl/tunnel"
)

// place is a target in a namespace that may be another than the current one.
type place struct {
	target
	// namespace is empty for that of the kubeconfig and the flags.
	namespace string
}

// String names the place as commands take it.
func (p place) String() string {
	text := p.short() + "/" + p.name
	if p.namespace != "" {
		text += "/" + p.namespace
	}
	return text
}

// short is the shortest word for the kind.
func (t target) short() string {
	if t.resource == machines {
		return "vm"
	}
	return "vmi"
}

// parsePlace reads NAME, TYPE/NAME or TYPE/NAME/NAMESPACE; a bare NAME is an instance's. Names become part of command
// lines and host names, so nothing passes that cannot be a name.
func parsePlace(text string) (place, error) {
	p := place{target: target{resource: instances, name: text}}
	if parts := strings.Split(text, "/"); len(parts) > 1 {
		resource, err := resourceOf(parts[0])
		if err != nil {
			return place{}, err
		}
		p.resource, p.name = resource, parts[1]
		if len(parts) > 3 {
			return place{}, fmt.Errorf("%q has too many parts; use TYPE/NAME or TYPE/NAME/NAMESPACE", text)
		}
		if len(parts) == 3 {
			p.namespace = parts[2]
			if problems := validation.IsDNS1123Label(p.namespace); len(problems) > 0 {
				return place{}, fmt.Errorf("%q is not a valid namespace: %s", p.namespace, strings.Join(problems, ", "))
			}
		}
	}
	if _, err := resourceOf(text); err == nil {
		return place{}, fmt.Errorf("%q is a type without a name; write %s/NAME", text, text)
	}
	if p.name == "" {
		return place{}, fmt.Errorf("the name of the %s is empty", p.kind())
	}
	if problems := validation.IsDNS1123Subdomain(p.name); len(problems) > 0 {
		return place{}, fmt.Errorf("%q is not a valid name: %s", p.name, strings.Join(problems, ", "))
	}
	return p, nil
}

// dotted returns the place that TYPE/NAME.NAMESPACE means, which is also how a name with dots is written.
func (p place) dotted() (place, bool) {
	i := strings.LastIndexByte(p.name, '.')
	if p.namespace != "" || i < 0 || len(validation.IsDNS1123Label(p.name[i+1:])) > 0 {
		return place{}, false
	}
	return place{target{p.resource, p.name[:i]}, p.name[i+1:]}, true
}

// locate returns where p is: a name with dots that does not exist may have its namespace behind the last one. An
// object that is certainly missing is an error; one that the user may not see is taken on trust, because the right to
// connect is another one.
func (c *client) locate(ctx context.Context, p place) (place, error) {
	missing := c.missing(ctx, p)
	if missing == nil {
		return p, nil
	}
	if other, may := p.dotted(); may && c.missing(ctx, other) == nil {
		return other, nil
	}
	if apierrors.IsForbidden(missing) {
		return p, nil
	}
	return place{}, missing
}

// instance returns the instance of a place, which for a virtual machine has its name, and where it is.
func (c *client) instance(ctx context.Context, verb string, p place) (place, *v1.VirtualMachineInstance, error) {
	read := func(p place) (*v1.VirtualMachineInstance, error) {
		connection, err := c.at(p)
		if err != nil {
			return nil, err
		}
		vmi := &v1.VirtualMachineInstance{}
		return vmi, connection.get(ctx, vmi, connection.object(target{instances, p.name})...)
	}
	vmi, err := read(p)
	if err == nil {
		return p, vmi, nil
	}
	if other, may := p.dotted(); may && (apierrors.IsNotFound(err) || apierrors.IsForbidden(err)) {
		if vmi, err := read(other); err == nil {
			return other, vmi, nil
		}
	}
	if connection, openErr := c.at(p); openErr == nil {
		err = connection.explainMissing(ctx, verb, p.name, err)
	}
	return p, nil, err
}

// at is open for the namespace of a place.
func (c *client) at(p place) (*connection, error) {
	connection, err := c.open()
	if err == nil && p.namespace != "" {
		connection.namespace = p.namespace
	}
	return connection, err
}

// missing returns an error when p does not exist or may not be seen, and nil also when that cannot be told now.
func (c *client) missing(ctx context.Context, p place) error {
	connection, err := c.at(p)
	if err != nil {
		return err
	}
	err = connection.get(ctx, nil, connection.object(p.target)...)
	if err == nil || apierrors.IsNotFound(err) || apierrors.IsForbidden(err) || !errors.As(err, new(apierrors.APIStatus)) {
		return err
	}
	return nil
}

// explainStopped returns err, or says that a virtual machine is stopped where err is that it has no instance.
func (c *client) explainStopped(ctx context.Context, verb, name string, err error) error {
	connection, openErr := c.open()
	if openErr != nil {
		return err
	}
	return connection.explainMissing(ctx, verb, name, err)
}

// stream returns how to open the websocket of a subresource of p.
func (c *client) stream(p place, query url.Values, subresource ...string) (tunnel.Open, error) {
	config, namespace, err := c.config()
	if err != nil {
		return nil, err
	}
	requests, err := rest.UnversionedRESTClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("load kubeconfig: %w", err)
	}
	if p.namespace != "" {
		namespace = p.namespace
	}
	path := append([]string{subresourcesPath, "namespaces", namespace, p.resource, p.name}, subresource...)
	address := requests.Get().AbsPath(path...).URL()
	address.RawQuery = query.Encode()
	return tunnel.NewDialer(config, address).Open, nil
}
