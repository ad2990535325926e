// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"fmt"

	"k8s.io/apiserver/pkg/admission"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/healthz"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"

	"github.com/virtplane/virtplane/apiserver/compression"
)

// hostCluster is what the server follows in the cluster that it extends.
type hostCluster struct {
	client    kubernetes.Interface
	informers informers.SharedInformerFactory
	rules     *hostObjects
	proxy     frontProxy
	// absent is what the host did not serve when the server began.
	absent []hostFeature
	// namespace and service are where problems are reported.
	namespace, service string
}

// applyTo applies the options of any Kubernetes API server, as far as the host cluster can do its part.
func (o *Options) applyTo(ctx context.Context, generic *genericapiserver.RecommendedConfig, client kubernetes.Interface) (hostCluster, error) {
	absent, err := o.followHost(ctx, client.Discovery())
	if err != nil {
		return hostCluster{}, err
	}
	o.Recommended.ExtraAdmissionInitializers = func(c *genericapiserver.RecommendedConfig) ([]admission.PluginInitializer, error) {
		return []admission.PluginInitializer{ownSchemas{client: client, config: c.OpenAPIV3Config}}, nil
	}
	if err := o.Recommended.ApplyTo(generic); err != nil {
		return hostCluster{}, fmt.Errorf("apply options: %w", err)
	}
	generic.RESTOptionsGetter = compression.Wrap(generic.RESTOptionsGetter)
	config, err := hostConfig(o.Recommended.Authorization.RemoteKubeConfigFile)
	if err != nil {
		return hostCluster{}, fmt.Errorf("configure client for authorization: %w", err)
	}
	if generic.Authorization.Authorizer, err = delegate(o.Recommended.Authorization, config); err != nil {
		return hostCluster{}, err
	}
	host := hostCluster{
		client: client, informers: generic.SharedInformerFactory, absent: absent,
		proxy: identify(generic), namespace: o.Namespace, service: o.ServiceName,
	}
	followed, err := o.followed(host.informers)
	if err != nil {
		return hostCluster{}, err
	}
	if host.rules, err = newHostObjects(followed); err != nil {
		return hostCluster{}, err
	}
	if generic.AdmissionControl != nil {
		generic.AdmissionControl = gate{Interface: generic.AdmissionControl, rules: host.rules}
	}
	generic.AddReadyzChecks(healthz.HealthChecker(host.rules))
	// The generic server would not become ready before every informer has synced, which a missing right puts off for ever.
	generic.SharedInformerFactory = nil
	return host, nil
}

// followed returns the informers on which the enabled admission plugins depend, by resource.
func (o *Options) followed(factory informers.SharedInformerFactory) (map[string]cache.SharedIndexInformer, error) {
	out := map[string]cache.SharedIndexInformer{"namespaces": factory.Core().V1().Namespaces().Informer()}
	for _, f := range hostFeatures {
		if f.version != admissionVersion || !f.enabled(o.Recommended) {
			continue
		}
		for _, resource := range f.resources {
			informer, err := factory.ForResource(f.version.WithResource(resource))
			if err != nil {
				return nil, fmt.Errorf("follow %s of the host cluster: %w", resource, err)
			}
			out[f.version.WithResource(resource).GroupResource().String()] = informer.Informer()
		}
	}
	return out, nil
}

// start follows the host cluster until the hook ends.
func (h hostCluster) start(hook genericapiserver.PostStartHookContext) error {
	h.informers.Start(hook.Done())
	reporter, err := newReporter(hook, h.client, h.namespace, h.service)
	if err != nil {
		return err
	}
	go reporter.watch(hook, "UnsafeFrontProxy", h.proxy.Check)
	go reporter.watch(hook, "MissingRights", h.rules.Rights)
	return nil
}

// appeared returns true when the host cluster serves what it did not when the server began, false when ctx ends.
func (h hostCluster) appeared(ctx context.Context) bool {
	if len(h.absent) == 0 || !awaitHost(ctx, h.client.Discovery(), h.absent) {
		return false
	}
	klog.FromContext(ctx).Info("The host cluster now serves what it did not; ending, to follow it after a restart")
	return true
}
