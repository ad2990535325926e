// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package compat

import (
	"math"
	"math/rand"

	"k8s.io/apimachinery/pkg/api/apitesting/fuzzer"
	"k8s.io/apimachinery/pkg/api/resource"
	metafuzzer "k8s.io/apimachinery/pkg/apis/meta/fuzzer"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/intstr"
	published "kubevirt.io/api/core/v1"
	"sigs.k8s.io/randfill"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// newFiller returns what fills objects of both APIs at random, the same ones for the same seed.
func newFiller(seed int64) *randfill.Filler {
	codecs := serializer.NewCodecFactory(runtime.NewScheme())
	filler := fuzzer.FuzzerFor(fuzzer.MergeFuzzerFuncs(metafuzzer.Funcs, numbers, shapes), rand.NewSource(seed), codecs)
	return filler.NumElements(1, 2) // empty lists have a test of their own
}

// numbers keep to what both APIs take. The published types count with the machine's words; the ones here stop at
// 63 bits, which is all that server-side apply compares.
func numbers(serializer.CodecFactory) []any {
	return []any{
		func(i *int, c randfill.Continue) { *i = int(c.Int63()) },
		func(i *int64, c randfill.Continue) { *i = c.Int63() },
		func(i *uint, c randfill.Continue) { *i = uint(c.Int63()) },
		func(i *uint64, c randfill.Continue) { *i = uint64(c.Int63()) },
		func(i *intstr.IntOrString, c randfill.Continue) { *i = intstr.FromInt32(c.Int31()) },
		func(q *resource.Quantity, c randfill.Continue) {
			// As Kubernetes spells them: other spellings come back as these, in every typed API.
			*q = *resource.NewQuantity(c.Int63n(1<<50), resource.DecimalSI)
			if c.Bool() {
				*q = *resource.NewQuantity(c.Int63n(1<<40)<<10, resource.BinarySI)
			}
			_ = q.String() // kept with the quantity, as after decoding
		},
		func(f *published.VirtualMachineStartFailure, c randfill.Continue) {
			c.FillNoCustom(f)
			f.ConsecutiveFailCount %= math.MaxInt32 // counts failures in a row
		},
		func(c *v1.ComponentConfig, f randfill.Continue) {
			f.FillNoCustom(c)
			if c.Replicas != nil {
				*c.Replicas %= math.MaxUint8
			}
		},
	}
}

// shapes leave out what the encoding as JSON cannot tell apart.
func shapes(serializer.CodecFactory) []any {
	return []any{
		func(*metav1.TypeMeta, randfill.Continue) {}, // set by the caller where it counts
		func(s *v1.VirtualMachineInstanceStatus, c randfill.Continue) {
			c.FillNoCustom(s)
			s.Firmware = nil // our own; published clients pass over it
		},
		func(d *published.DataVolumeTemplateSpec, c randfill.Continue) {
			c.FillNoCustom(d)
			c.Fill(&d.Kind)
			c.Fill(&d.APIVersion)
		},
		func(g *published.GPU, c randfill.Continue) {
			c.FillNoCustom(g)
			g.ClaimRequest = claim(g.ClaimRequest)
		},
		func(d *published.HostDevice, c randfill.Continue) {
			c.FillNoCustom(d)
			d.ClaimRequest = claim(d.ClaimRequest)
		},
		// Recursive.
		func(n *published.ObjectGraphNode, c randfill.Continue) {
			c.Fill(&n.ObjectReference)
			c.Fill(&n.Labels)
			c.Fill(&n.Optional)
			if c.Intn(3) == 0 {
				c.Fill(&n.Children)
			}
		},
		func(n *v1.ObjectGraphNode, c randfill.Continue) {
			c.Fill(&n.ObjectReference)
			c.Fill(&n.Labels)
			c.Fill(&n.Optional)
			if c.Intn(3) == 0 {
				c.Fill(&n.Children)
			}
		},
	}
}

// claim returns nil for a claim that is as good as absent.
func claim(c *published.ClaimRequest) *published.ClaimRequest {
	if c != nil && *c == (published.ClaimRequest{}) {
		return nil
	}
	return c
}
