// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1_test

import (
	"math/rand"
	"testing"

	"k8s.io/apimachinery/pkg/api/apitesting/fuzzer"
	metafuzzer "k8s.io/apimachinery/pkg/apis/meta/fuzzer"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apiserver/pkg/endpoints/openapi"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/kube-openapi/pkg/builder3"
	openapiutil "k8s.io/kube-openapi/pkg/util"
	"sigs.k8s.io/randfill"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	definitions "github.com/virtplane/virtplane/client/openapi"
)

// TestServerSideApplyKnowsEveryField holds that the published schema fits the Go types: an object that does not fit
// it cannot be written at all, since the server records who wrote which field.
func TestServerSideApplyKnowsEveryField(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := v1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	kinds := []runtime.Object{&v1.VirtualMachine{}, &v1.VirtualMachineInstance{}, &v1.KubeVirt{}}
	var names []string
	for _, kind := range kinds {
		names = append(names, openapiutil.GetCanonicalTypeName(kind))
	}
	config := genericapiserver.DefaultOpenAPIV3Config(definitions.GetOpenAPIDefinitions, openapi.NewDefinitionNamer(scheme))
	schemas, err := builder3.BuildOpenAPIDefinitionsForResources(config, names...)
	if err != nil {
		t.Fatal(err)
	}
	converter, err := managedfields.NewTypeConverter(schemas, false)
	if err != nil {
		t.Fatal(err)
	}
	funcs := func(serializer.CodecFactory) []any {
		return []any{func(i *intstr.IntOrString, c randfill.Continue) { *i = intstr.FromInt32(c.Int31()) }}
	}
	// One item in each list, so that no two have the same key.
	filler := fuzzer.FuzzerFor(fuzzer.MergeFuzzerFuncs(metafuzzer.Funcs, funcs), rand.NewSource(1), serializer.NewCodecFactory(scheme)).
		NumElements(1, 1).NilChance(0.2)
	for _, kind := range kinds {
		gvks, _, err := scheme.ObjectKinds(kind)
		if err != nil {
			t.Fatal(err)
		}
		for range 50 {
			object := kind.DeepCopyObject()
			filler.Fill(object)
			object.GetObjectKind().SetGroupVersionKind(gvks[0])
			if _, err := converter.ObjectToTyped(object); err != nil {
				t.Fatalf("%s: %v", gvks[0].Kind, err)
			}
		}
	}
}
