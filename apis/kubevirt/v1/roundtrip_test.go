// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"encoding/json"
	"math/rand"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/apitesting/fuzzer"
	"k8s.io/apimachinery/pkg/api/equality"
	metafuzzer "k8s.io/apimachinery/pkg/apis/meta/fuzzer"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/randfill"
	"sigs.k8s.io/structured-merge-diff/v6/value"
)

// rounds is how many random objects of each kind are tried.
const rounds = 100

// message is what the generated protobuf code gives every kind.
type message interface {
	runtime.Object
	Marshal() ([]byte, error)
	Unmarshal([]byte) error
}

// TestEveryFieldSurvivesEveryEncoding finds fields that were added without protobuf tags or whose
// generated code is older than the type.
func TestEveryFieldSurvivesEveryEncoding(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	funcs := func(serializer.CodecFactory) []any {
		return []any{
			func(i *intstr.IntOrString, c randfill.Continue) { *i = intstr.FromInt32(c.Int31()) },
			func(*metav1.TypeMeta, randfill.Continue) {}, // is not part of the message
		}
	}
	filler := fuzzer.FuzzerFor(fuzzer.MergeFuzzerFuncs(metafuzzer.Funcs, funcs), rand.NewSource(1), serializer.NewCodecFactory(scheme))
	for _, obj := range slices.Concat(objects(), options(), answers()) {
		kind := reflect.TypeOf(obj).Elem()
		t.Run(kind.Name(), func(t *testing.T) {
			for range rounds {
				in := reflect.New(kind).Interface().(message)
				filler.Fill(in)
				roundTrip(t, in, func(out message) error {
					data, err := in.Marshal()
					if err != nil {
						return err
					}
					return out.Unmarshal(data)
				})
				roundTrip(t, in, func(out message) error {
					data, err := json.Marshal(in)
					if err != nil {
						return err
					}
					return json.Unmarshal(data, out)
				})
				// Server-side apply reads objects this way; it ends with a panic at types that it does not know.
				roundTrip(t, in, func(out message) error {
					v, err := value.NewValueReflect(in)
					if err != nil {
						return err
					}
					data, err := json.Marshal(v.Unstructured())
					if err != nil {
						return err
					}
					return json.Unmarshal(data, out)
				})
				if diff := cmp.Diff(in, in.DeepCopyObject()); diff != "" {
					t.Fatalf("deep copy differs:\n%s", diff)
				}
			}
		})
	}
}

func roundTrip(t *testing.T, in message, encode func(message) error) {
	t.Helper()
	out := reflect.New(reflect.TypeOf(in).Elem()).Interface().(message)
	if err := encode(out); err != nil {
		t.Fatal(err)
	}
	if !equality.Semantic.DeepEqual(in, out) {
		t.Fatalf("lost on the way (- before, + after):\n%s", cmp.Diff(in, out))
	}
}
