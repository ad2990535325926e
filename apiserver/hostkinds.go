// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	mutatingpolicy "k8s.io/apiserver/pkg/admission/plugin/policy/mutating"
	validatingpolicy "k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	mutatingwebhook "k8s.io/apiserver/pkg/admission/plugin/webhook/mutating"
	validatingwebhook "k8s.io/apiserver/pkg/admission/plugin/webhook/validating"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	"k8s.io/client-go/discovery"
	"k8s.io/klog/v2"
)

// hostKindsInterval is how often a host cluster is asked for kinds that it did not serve, which an upgrade may bring.
const hostKindsInterval = 5 * time.Minute

var (
	admissionVersion   = schema.GroupVersion{Group: "admissionregistration.k8s.io", Version: "v1"}
	flowControlVersion = schema.GroupVersion{Group: "flowcontrol.apiserver.k8s.io", Version: "v1"}
)

// hostFeature is a part of the server that follows objects of the host cluster. Where the host does
// not serve their kinds there are none to follow, and waiting for them would stop every write.
type hostFeature struct {
	name      string
	version   schema.GroupVersion
	resources []string
	disable   func(*genericoptions.RecommendedOptions) error
}

var hostFeatures = []hostFeature{
	admissionFeature(mutatingwebhook.PluginName, "mutatingwebhookconfigurations"),
	admissionFeature(validatingwebhook.PluginName, "validatingwebhookconfigurations"),
	admissionFeature(mutatingpolicy.PluginName, "mutatingadmissionpolicies", "mutatingadmissionpolicybindings"),
	admissionFeature(validatingpolicy.PluginName, "validatingadmissionpolicies", "validatingadmissionpolicybindings"),
	{
		name: "PriorityAndFairness", version: flowControlVersion, resources: []string{"flowschemas", "prioritylevelconfigurations"},
		// The server falls back to one limit for all requests.
		disable: func(o *genericoptions.RecommendedOptions) error {
			o.Features.EnablePriorityAndFairness = false
			return nil
		},
	},
}

func admissionFeature(plugin string, resources ...string) hostFeature {
	return hostFeature{name: plugin, version: admissionVersion, resources: resources, disable: func(o *genericoptions.RecommendedOptions) error {
		if slices.Contains(o.Admission.EnablePlugins, plugin) {
			return fmt.Errorf("--enable-admission-plugins: %s follows objects that the host cluster does not serve; leave it out or upgrade the host cluster", plugin)
		}
		o.Admission.DisablePlugins = append(o.Admission.DisablePlugins, plugin)
		return nil
	}}
}

// enabled tells that a feature is wanted.
func (f hostFeature) enabled(o *genericoptions.RecommendedOptions) bool {
	if f.version == flowControlVersion {
		return o.Features.EnablePriorityAndFairness
	}
	return !slices.Contains(o.Admission.DisablePlugins, f.name)
}

// missing returns the features whose kinds the host does not serve.
func missing(host discovery.ServerResourcesInterface, features []hostFeature) ([]hostFeature, error) {
	served := map[schema.GroupVersionResource]bool{}
	for _, version := range []schema.GroupVersion{admissionVersion, flowControlVersion} {
		list, err := host.ServerResourcesForGroupVersion(version.String())
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("discover %s in the host cluster: %w", version, err)
		}
		for _, resource := range list.APIResources {
			served[version.WithResource(resource.Name)] = true
		}
	}
	var out []hostFeature
	for _, f := range features {
		if slices.ContainsFunc(f.resources, func(resource string) bool { return !served[f.version.WithResource(resource)] }) {
			out = append(out, f)
		}
	}
	return out, nil
}

// followHost turns off what the host cluster has no objects for, and returns it.
func (o *Options) followHost(ctx context.Context, host discovery.ServerResourcesInterface) ([]hostFeature, error) {
	wanted := slices.DeleteFunc(slices.Clone(hostFeatures), func(f hostFeature) bool { return !f.enabled(o.Recommended) })
	absent, err := missing(host, wanted)
	if err != nil {
		return nil, err
	}
	for _, f := range absent {
		if err := f.disable(o.Recommended); err != nil {
			return nil, err
		}
		klog.FromContext(ctx).Info("The host cluster does not serve what a feature follows; going on without it", "feature", f.name, "version", f.version, "resources", f.resources)
	}
	return absent, nil
}

// awaitHost returns when the host cluster serves what one of the absent features follows, or when ctx ends.
func awaitHost(ctx context.Context, host discovery.ServerResourcesInterface, absent []hostFeature) (appeared bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	wait.JitterUntilWithContext(ctx, func(ctx context.Context) {
		now, err := missing(host, absent)
		if err != nil {
			klog.FromContext(ctx).Info("The host cluster's kinds are unknown for now", "err", err)
			return
		}
		if appeared = len(now) < len(absent); appeared {
			cancel()
		}
	}, hostKindsInterval, 0.5, false)
	return appeared
}
