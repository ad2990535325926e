// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
)

const (
	few  = 8
	many = 64
)

// create makes one half of the objects with few clients and the other with many.
func (b *bench) create(ctx context.Context, c *column) error {
	for _, part := range []struct{ clients, first, last int }{{few, 0, b.objects / 2}, {many, b.objects / 2, b.objects}} {
		clients, err := c.clients(part.clients)
		if err != nil {
			return err
		}
		if err := connect(ctx, clients); err != nil {
			return err
		}
		l, err := drive(ctx, clients, part.first, part.last, func(ctx context.Context, client *rest.RESTClient, i int) error {
			ns, name := b.place(i)
			return client.Post().Namespace(ns).Resource(c.resource).Body(c.object(name)).Do(ctx).Error()
		})
		if err != nil {
			return err
		}
		c.addLoad(fmt.Sprintf("create, %d clients", part.clients), l)
	}
	return nil
}

// get reads and decodes single objects.
func (b *bench) get(ctx context.Context, c *column) error {
	clients, err := c.clients(few)
	if err != nil {
		return err
	}
	if err := connect(ctx, clients); err != nil {
		return err
	}
	l, err := drive(ctx, clients, 0, b.requests, func(ctx context.Context, client *rest.RESTClient, i int) error {
		ns, name := b.place(i % b.objects)
		_, err := client.Get().Namespace(ns).Resource(c.resource).Name(name).Do(ctx).Get()
		return err
	})
	if err != nil {
		return err
	}
	c.addLoad("GET, 8 clients", l)
	return nil
}

// list reads and decodes all objects and those of one namespace, as a client that starts does.
func (b *bench) list(ctx context.Context, c *column) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	for _, kind := range []struct {
		what, namespace, version string
		decode                   bool
		want                     int
	}{
		{"LIST all, consistent", "", "", true, b.objects},
		{"LIST all, from cache", "", "0", true, b.objects},
		{"LIST all, consistent, not decoded", "", "", false, b.objects},
		{"LIST namespace, consistent", namespace(0), "", true, b.objects / b.namespaces},
		{"LIST namespace, from cache", namespace(0), "0", true, b.objects / b.namespaces},
	} {
		for range b.lists {
			request := client.Get().NamespaceIfScoped(kind.namespace, kind.namespace != "").Resource(c.resource).
				VersionedParams(&metav1.ListOptions{ResourceVersion: kind.version}, metav1.ParameterCodec)
			sent := time.Now()
			answer := request.Do(ctx)
			if !kind.decode {
				body, err := answer.Raw()
				if err != nil {
					return fail(kind.what, err)
				}
				c.add(kind.what, milliseconds(time.Since(sent)))
				c.add("LIST all, MB", float64(len(body))/1e6)
				continue
			}
			list := c.list()
			if err := answer.Into(list); err != nil {
				return fail(kind.what, err)
			}
			c.add(kind.what, milliseconds(time.Since(sent)))
			if got := lengthOf(list); got < kind.want {
				return fmt.Errorf("%s: the list has %d objects of %d", kind.what, got, kind.want)
			}
		}
	}
	return nil
}

// patch changes statuses as controllers do, then metadata as users do.
func (b *bench) patch(ctx context.Context, c *column) error {
	clients, err := c.clients(few)
	if err != nil {
		return err
	}
	if err := connect(ctx, clients); err != nil {
		return err
	}
	l, err := drive(ctx, clients, 0, b.requests, func(ctx context.Context, client *rest.RESTClient, i int) error {
		return b.patchStatus(ctx, c, client, i)
	})
	if err != nil {
		return err
	}
	c.addLoad("status patch, 8 clients", l)
	// The finalizer has to go from all of them before they are deleted.
	l, err = drive(ctx, clients, 0, b.objects, func(ctx context.Context, client *rest.RESTClient, i int) error {
		ns, name := b.place(i)
		return client.Patch(types.MergePatchType).Namespace(ns).Resource(c.resource).Name(name).
			Body([]byte(`{"metadata":{"finalizers":null}}`)).Do(ctx).Error()
	})
	if err != nil {
		return err
	}
	c.addLoad("metadata patch, 8 clients", l)
	return nil
}

func (b *bench) patchStatus(ctx context.Context, c *column, client *rest.RESTClient, i int) error {
	ns, name := b.place(i % b.objects)
	path := []string{}
	if c.status != "" {
		path = append(path, c.status)
	}
	return client.Patch(types.MergePatchType).Namespace(ns).Resource(c.resource).Name(name).SubResource(path...).Body(c.patch(i)).Do(ctx).Error()
}

// delete removes all objects, a namespace at a time.
func (b *bench) delete(ctx context.Context, c *column) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	if err := connect(ctx, []*rest.RESTClient{client}); err != nil {
		return err
	}
	began := time.Now()
	for i := range b.namespaces {
		if err := client.Delete().Namespace(namespace(i)).Resource(c.resource).Do(ctx).Error(); err != nil {
			return err
		}
	}
	c.add("deletecollection", float64(b.objects)/time.Since(began).Seconds())
	list := c.list()
	if err := client.Get().Namespace(namespace(0)).Resource(c.resource).Do(ctx).Into(list); err != nil {
		return err
	}
	// Only a ConfigMap that kube-controller-manager would make may be left, and it does not run here.
	if left := lengthOf(list); left > 0 {
		return fmt.Errorf("%d objects are left in %s", left, namespace(0))
	}
	return nil
}
