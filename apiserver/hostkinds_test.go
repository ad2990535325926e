// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"errors"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
)

// hostWith is a host cluster that serves the named resources.
type hostWith struct {
	discovery.ServerResourcesInterface
	versions map[string][]string
	err      error
}

func (h hostWith) ServerResourcesForGroupVersion(version string) (*metav1.APIResourceList, error) {
	if h.err != nil {
		return nil, h.err
	}
	resources, ok := h.versions[version]
	if !ok {
		return nil, apierrors.NewNotFound(schema.GroupResource{}, version)
	}
	list := &metav1.APIResourceList{GroupVersion: version}
	for _, r := range resources {
		list.APIResources = append(list.APIResources, metav1.APIResource{Name: r})
	}
	return list, nil
}

// full is what a current host serves.
func full() hostWith {
	return hostWith{versions: map[string][]string{
		"admissionregistration.k8s.io/v1": {"mutatingwebhookconfigurations", "validatingwebhookconfigurations",
			"mutatingadmissionpolicies", "mutatingadmissionpolicybindings", "validatingadmissionpolicies", "validatingadmissionpolicybindings"},
		"flowcontrol.apiserver.k8s.io/v1": {"flowschemas", "prioritylevelconfigurations"},
	}}
}

func TestTheServerDoesWithoutKindsThatTheHostLacks(t *testing.T) {
	old := full()
	old.versions["admissionregistration.k8s.io/v1"] = slices.DeleteFunc(old.versions["admissionregistration.k8s.io/v1"],
		func(r string) bool { return strings.HasPrefix(r, "mutatingadmissionpolic") })
	bare := hostWith{versions: map[string][]string{"admissionregistration.k8s.io/v1": full().versions["admissionregistration.k8s.io/v1"]}}
	for _, c := range []struct {
		name     string
		host     hostWith
		disabled []string
		fairness bool
		follows  int // resources that admission waits for, namespaces among them
	}{
		{"current", full(), nil, true, 7},
		{"without mutating policies", old, []string{"MutatingAdmissionPolicy"}, true, 5},
		{"without flow control", bare, nil, false, 7},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := NewOptions()
			absent, err := o.followHost(t.Context(), c.host)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(o.Recommended.Admission.DisablePlugins, c.disabled) || o.Recommended.Features.EnablePriorityAndFairness != c.fairness {
				t.Errorf("disabled %v, fairness %t", o.Recommended.Admission.DisablePlugins, o.Recommended.Features.EnablePriorityAndFairness)
			}
			followed, err := o.followed(informers.NewSharedInformerFactory(fake.NewClientset(), 0))
			if err != nil || len(followed) != c.follows {
				t.Errorf("follows %d resources, want %d: %v", len(followed), c.follows, err)
			}
			if len(absent) > 0 {
				if now, err := missing(full(), absent); err != nil || len(now) != 0 {
					t.Errorf("after an upgrade of the host %d features are missing: %v", len(now), err)
				}
			}
		})
	}
}

func TestAWantedPluginThatTheHostLacksIsAnError(t *testing.T) {
	o := NewOptions()
	o.Recommended.Admission.EnablePlugins = []string{"ValidatingAdmissionPolicy"}
	host := full()
	host.versions["admissionregistration.k8s.io/v1"] = host.versions["admissionregistration.k8s.io/v1"][:4]
	if _, err := o.followHost(t.Context(), host); err == nil || !strings.HasPrefix(err.Error(), "--enable-admission-plugins: ValidatingAdmissionPolicy ") {
		t.Errorf("error %v", err)
	}
}

// TestAnUnknownHostIsNoHostWithoutRules holds that a failing discovery does not turn admission off.
func TestAnUnknownHostIsNoHostWithoutRules(t *testing.T) {
	broken := errors.New("connection refused")
	o := NewOptions()
	if _, err := o.followHost(t.Context(), hostWith{err: broken}); !errors.Is(err, broken) || len(o.Recommended.Admission.DisablePlugins) != 0 {
		t.Errorf("error %v, disabled %v", err, o.Recommended.Admission.DisablePlugins)
	}
}
