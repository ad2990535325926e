// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package config tells which settings are in force: those of the KubeVirt object, and defaults for the rest.
package config

import (
	"maps"
	"math"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/utils/ptr"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// Defaults of the settings; those of KubeVirt where nothing else is said in docs/configuration.md.
const (
	DefaultCPUAllocationRatio = 10
	DefaultMemoryOvercommit   = 100
	DefaultImagePullPolicy    = corev1.PullIfNotPresent
	DefaultArchitecture       = "amd64"
)

// Bounds of the settings.
const (
	// MinMemoryOvercommit keeps a pod from asking for more than ten times the guest's memory.
	MinMemoryOvercommit = 10
	// MaxMemoryOvercommit and MaxCPUAllocationRatio are beyond anything that a node could bear.
	MaxMemoryOvercommit   = 10_000
	MaxCPUAllocationRatio = 10_000
	// MinOverheadRatio is 1: with less memory than measured the kernel would end guests.
	MinOverheadRatio = 1
	MaxOverheadRatio = 100
	// MaxVerbosity is the level from which nothing more is logged.
	MaxVerbosity = 10
)

// Config holds the settings in force.
type Config struct {
	// Instances are the defaults of instances that are created.
	Instances InstanceDefaults
	// Launchers tells how launcher pods are made.
	Launchers Launchers
	// Verbosity holds the log levels.
	Verbosity Verbosity
	// Gates are the features that are switched on.
	Gates Gates
}

// Launchers tells how launcher pods are made.
type Launchers struct {
	// UseEmulation lets guests run without hardware virtualization.
	UseEmulation bool
	// CPUAllocationRatio is the number of guest CPUs for each CPU that a pod asks for.
	CPUAllocationRatio int64
	// CPURequest is the CPU that a pod asks for whatever the number of the guest's CPUs; nil to go by the ratio.
	CPURequest *resource.Quantity
	// MemoryOvercommit is the guest's memory in percent of what a pod asks for on its behalf.
	MemoryOvercommit int64
	// OverheadRatio multiplies the memory that a pod gets beside the guest's.
	OverheadRatio float64
	// ImagePullPolicy is that of the launcher's image.
	ImagePullPolicy corev1.PullPolicy
	// RuntimeClass is the pods' RuntimeClass; empty for none.
	RuntimeClass string
	// NodeSelector limits the nodes of all pods.
	NodeSelector map[string]string
}

// From returns the settings in force with kv, which may be nil. What no rule of today would let pass counts as left out:
// an object that was stored by an older version must not stop anything.
func From(kv *v1.KubeVirt) Config {
	if kv == nil {
		kv = &v1.KubeVirt{}
	}
	c := &kv.Spec.Configuration
	developer := ptr.Deref(c.DeveloperConfiguration, v1.DeveloperConfiguration{})
	return Config{
		Instances: instancesOf(c),
		Launchers: Launchers{
			UseEmulation:       developer.UseEmulation,
			CPUAllocationRatio: within(developer.CPUAllocationRatio, 1, MaxCPUAllocationRatio, DefaultCPUAllocationRatio),
			CPURequest:         positive(c.CPURequest),
			MemoryOvercommit:   within(developer.MemoryOvercommit, MinMemoryOvercommit, MaxMemoryOvercommit, DefaultMemoryOvercommit),
			OverheadRatio:      overheadRatio(c.AdditionalGuestMemoryOverheadRatio),
			ImagePullPolicy:    pullPolicy(c.ImagePullPolicy),
			RuntimeClass:       c.DefaultRuntimeClass,
			NodeSelector:       maps.Clone(developer.NodeSelectors),
		},
		Verbosity: verbosityOf(developer.LogVerbosity),
		Gates:     gatesOf(&developer),
	}
}

func within(value, least, most, standard int64) int64 {
	if value < least || value > most {
		return standard
	}
	return value
}

func positive(q *resource.Quantity) *resource.Quantity {
	if q == nil || q.Sign() <= 0 {
		return nil
	}
	return ptr.To(q.DeepCopy())
}

func pullPolicy(p corev1.PullPolicy) corev1.PullPolicy {
	if slices.Contains(PullPolicies, p) {
		return p
	}
	return DefaultImagePullPolicy
}

// PullPolicies are the pull policies that there are.
var PullPolicies = []corev1.PullPolicy{corev1.PullAlways, corev1.PullIfNotPresent, corev1.PullNever}

func overheadRatio(text *string) float64 {
	if text == nil {
		return MinOverheadRatio
	}
	ratio, ok := ParseOverheadRatio(*text)
	if !ok {
		return MinOverheadRatio
	}
	return ratio
}

// ParseOverheadRatio reads an additionalGuestMemoryOverheadRatio and tells whether it is one.
func ParseOverheadRatio(text string) (ratio float64, ok bool) {
	ratio, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(ratio) || ratio < MinOverheadRatio || ratio > MaxOverheadRatio {
		return 0, false
	}
	return ratio, true
}
