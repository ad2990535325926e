// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package kube holds the few calls that the node plugin makes to the API servers. It knows only the
// kinds that it uses and needs no generated client: that one brings along every kind of Kubernetes
// and the means to test with them, which is half of the memory that a node would pay for.
package kube

import (
	"context"
	"fmt"
	"net/http"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// Client calls the API servers.
type Client struct {
	core, certificates, kubevirt rest.Interface
	parameters                   runtime.ParameterCodec
}

// New returns a Client that uses the connections of httpClient.
func New(config *rest.Config, httpClient *http.Client) (*Client, error) {
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("register core kinds: %w", err)
	}
	if err := certificatesv1.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("register certificate kinds: %w", err)
	}
	if err := v1.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("register kinds of virtual machines: %w", err)
	}
	c := &Client{parameters: runtime.NewParameterCodec(scheme)}
	for _, api := range []struct {
		client *rest.Interface
		path   string
		gv     schema.GroupVersion
	}{
		{&c.core, "/api", corev1.SchemeGroupVersion},
		{&c.certificates, "/apis", certificatesv1.SchemeGroupVersion},
		{&c.kubevirt, "/apis", v1.SchemeGroupVersion},
	} {
		own := rest.CopyConfig(config)
		own.APIPath, own.GroupVersion = api.path, &api.gv
		own.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
		client, err := rest.RESTClientForConfigAndClient(own, httpClient)
		if err != nil {
			return nil, fmt.Errorf("make client of %s: %w", api.gv, err)
		}
		*api.client = client
	}
	return c, nil
}

// CreateRequest files a certificate signing request.
func (c *Client) CreateRequest(ctx context.Context, r *certificatesv1.CertificateSigningRequest) (*certificatesv1.CertificateSigningRequest, error) {
	result := &certificatesv1.CertificateSigningRequest{}
	err := c.certificates.Post().Resource("certificatesigningrequests").Body(r).Do(ctx).Into(result)
	return result, err
}

// GetRequest returns a certificate signing request.
func (c *Client) GetRequest(ctx context.Context, name string) (*certificatesv1.CertificateSigningRequest, error) {
	result := &certificatesv1.CertificateSigningRequest{}
	err := c.certificates.Get().Resource("certificatesigningrequests").Name(name).Do(ctx).Into(result)
	return result, err
}

// WatchConfigMap calls seen with a ConfigMap and with each later version of it, until ctx ends.
func (c *Client) WatchConfigMap(ctx context.Context, namespace, name string, seen func(*corev1.ConfigMap)) {
	source := cache.NewListWatchFromClient(c.core, "configmaps", namespace, fields.OneTermEqualSelector(metav1.ObjectNameField, name))
	show := func(object any) {
		if m, ok := object.(*corev1.ConfigMap); ok {
			seen(m)
		}
	}
	_, controller := cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: source, ObjectType: &corev1.ConfigMap{},
		Handler: cache.ResourceEventHandlerFuncs{AddFunc: show, UpdateFunc: func(_, object any) { show(object) }},
	})
	controller.RunWithContext(ctx)
}
