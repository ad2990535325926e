// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package compat

import (
	"encoding/json"
	"flag"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime/schema"
	kjson "sigs.k8s.io/json"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// rounds is how many random objects of each type are tried for a seed.
const rounds = 50

var seed = flag.Int64("seed", time.Now().UnixNano(), "what random objects to try, beside the fixed ones")

// seeds are fixed ones, so that a failure stays, and one of this run.
func seeds(t *testing.T) []int64 {
	t.Logf("-seed %d tries the same objects again", *seed)
	return []int64{1, 2, *seed}
}

// TestPublishedObjectsPassUnchanged takes objects of the published API through the types of virtplane and their
// storage encoding.
func TestPublishedObjectsPassUnchanged(t *testing.T) {
	for _, p := range slices.Concat(objects, bodies) {
		t.Run(p.name(), func(t *testing.T) {
			for _, seed := range seeds(t) {
				filler := newFiller(seed)
				for range rounds {
					theirs := p.newTheirs()
					filler.Fill(theirs)
					name(theirs, p.name())
					passes(t, p, theirs)
				}
			}
		})
	}
}

// passes checks that an object of the published API is the same after it was stored.
func passes(t *testing.T, p pair, theirs any) {
	t.Helper()
	sent := encode(t, theirs)
	received := encode(t, store(t, p, sent))
	same(t, sent, received)
	back := p.newTheirs()
	decode(t, received, back)
	if !equality.Semantic.DeepEqual(theirs, back) {
		t.Fatalf("comes back as another object (- sent, + received):\n%s", cmp.Diff(theirs, back))
	}
}

// TestOurObjectsAreReadByPublishedClients takes objects of virtplane through the published types.
func TestOurObjectsAreReadByPublishedClients(t *testing.T) {
	for _, p := range slices.Concat(objects, bodies) {
		t.Run(p.name(), func(t *testing.T) {
			for _, seed := range seeds(t) {
				filler := newFiller(seed)
				for range rounds {
					ours, theirs, back := p.newOurs(), p.newTheirs(), p.newOurs()
					filler.Fill(ours)
					sent := encode(t, ours)
					decode(t, sent, theirs)
					received := encode(t, theirs)
					same(t, sent, received)
					decode(t, received, back)
					if !equality.Semantic.DeepEqual(ours, back) {
						t.Fatalf("comes back as another object (- sent, + received):\n%s", cmp.Diff(ours, back))
					}
				}
			}
		})
	}
}

// store decodes JSON as the server does and encodes it as in storage, and returns what is read from there.
func store(t *testing.T, p pair, data []byte) message {
	t.Helper()
	decoded, stored := p.newOurs(), p.newOurs()
	decode(t, data, decoded)
	raw, err := decoded.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if err := stored.Unmarshal(raw); err != nil {
		t.Fatal(err)
	}
	if d, ok := decoded.(typed); ok {
		// The storage keeps the kind beside the message.
		stored.(typed).GetObjectKind().SetGroupVersionKind(d.GetObjectKind().GroupVersionKind())
	}
	return stored
}

type typed interface{ GetObjectKind() schema.ObjectKind }

// name gives an object that has one its kind.
func name(object any, kind string) {
	if o, ok := object.(typed); ok {
		o.GetObjectKind().SetGroupVersionKind(v1.SchemeGroupVersion.WithKind(kind))
	}
}

func encode(t *testing.T, object any) []byte {
	t.Helper()
	data, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// decode is as strict as the server is with fieldValidation=Strict.
func decode(t *testing.T, data []byte, into any) {
	t.Helper()
	strict, err := kjson.UnmarshalStrict(data, into)
	if err != nil {
		t.Fatalf("decode: %v\n%s", err, data)
	}
	if len(strict) > 0 {
		t.Fatalf("decode %T: %v", into, strict)
	}
}

// same compares two JSON documents but for the order of fields.
func same(t *testing.T, sent, received []byte) {
	t.Helper()
	var a, b any
	decode(t, sent, &a)
	decode(t, received, &b)
	if diff := cmp.Diff(a, b); diff != "" {
		t.Fatalf("changed on the way (- sent, + received):\n%s", diff)
	}
}
