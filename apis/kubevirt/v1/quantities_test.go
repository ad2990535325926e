// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"math/rand"
	"reflect"
	"testing"

	"k8s.io/apimachinery/pkg/api/apitesting/fuzzer"
	"k8s.io/apimachinery/pkg/api/resource"
	metafuzzer "k8s.io/apimachinery/pkg/apis/meta/fuzzer"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"sigs.k8s.io/randfill"
)

// TestDecodedObjectsCanBeShared holds that encoding an object, which many requests do at once, does
// not write to it any more. It finds new fields that hold a quantity.
func TestDecodedObjectsCanBeShared(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	// Many other quantities keep the text that they were parsed from.
	binary := func(serializer.CodecFactory) []any {
		return []any{func(q *resource.Quantity, _ randfill.Continue) {
			*q = *resource.NewQuantity(128<<20, resource.BinarySI)
		}}
	}
	filler := fuzzer.FuzzerFor(fuzzer.MergeFuzzerFuncs(metafuzzer.Funcs, binary), rand.NewSource(1), serializer.NewCodecFactory(scheme)).NilChance(0).NumElements(2, 2).MaxDepth(20)
	for _, obj := range []message{&VirtualMachine{}, &VirtualMachineInstance{}} {
		filler.Fill(obj)
		data, err := obj.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		decoded := reflect.New(reflect.TypeOf(obj).Elem()).Interface().(message)
		if err := decoded.Unmarshal(data); err != nil {
			t.Fatal(err)
		}
		scheme.Default(decoded)
		found := 0
		walk(t, reflect.ValueOf(decoded).Elem(), reflect.TypeOf(obj).Elem().Name(), &found)
		if found < 3 {
			t.Errorf("%T: only %d quantities were found", obj, found)
		}
	}
}

// walk looks for quantities that can be reached by pointer and whose text is not kept yet.
func walk(t *testing.T, v reflect.Value, path string, found *int) {
	if q, ok := v.Interface().(resource.Quantity); ok {
		*found++
		if text := reflect.ValueOf(q).FieldByName("s"); text.Len() == 0 {
			t.Errorf("%s is formatted when it is encoded", path)
		}
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			walk(t, v.Elem(), path, found)
		}
	case reflect.Slice:
		for i := range v.Len() {
			walk(t, v.Index(i), path, found)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				walk(t, v.Field(i), path+"."+v.Type().Field(i).Name, found)
			}
		}
	}
	// The values of maps are copied before they are encoded.
}
