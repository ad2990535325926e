// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package compression

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/storage/value"
	aestransformer "k8s.io/apiserver/pkg/storage/value/encrypt/aes"
)

var where = value.DefaultContext("/registry/key")

func compressor(t testing.TB, inner value.Transformer) value.Transformer {
	t.Helper()
	c, err := New(inner)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func store(t testing.TB, c value.Transformer, data []byte) []byte {
	t.Helper()
	stored, err := c.TransformToStorage(context.Background(), data, where)
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

// object is as long as a typical one and repeats itself as much.
func object() []byte {
	return []byte("k8s\x00" + strings.Repeat(`{"f:spec":{"f:template":{"f:domain":{"f:devices":{"f:disks":{"k:{\"name\":\"root\"}":{}}}}}}}`, 40))
}

func TestObjectsComeBackAsTheyWere(t *testing.T) {
	noise := make([]byte, 4096)
	if _, err := rand.Read(noise); err != nil {
		t.Fatal(err)
	}
	c := compressor(t, nil)
	for name, data := range map[string][]byte{"empty": {}, "short": []byte("k8s\x00short"), "typical": object(), "noise": append([]byte("k8s\x00"), noise...)} {
		stored := store(t, c, data)
		if len(stored) > len(data) {
			t.Errorf("%s: %d bytes are stored as %d", name, len(data), len(stored))
		}
		back, stale, err := c.TransformFromStorage(context.Background(), stored, where)
		if err != nil || stale || !bytes.Equal(back, data) {
			t.Errorf("%s: came back as %.40q, stale %v, %v", name, back, stale, err)
		}
	}
	if stored := store(t, c, object()); len(stored) > len(object())/2 {
		t.Errorf("a typical object of %d bytes is stored in %d", len(object()), len(stored))
	}
}

func TestValuesOfBeforeAreRead(t *testing.T) {
	back, stale, err := compressor(t, nil).TransformFromStorage(context.Background(), object(), where)
	if err != nil || stale || !bytes.Equal(back, object()) {
		t.Errorf("an object without compression came back as %.40q, stale %v, %v", back, stale, err)
	}
}

func TestObjectsAreCompressedBeforeTheyAreEncrypted(t *testing.T) {
	block, err := aes.NewCipher(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := aestransformer.NewGCMTransformer(block)
	if err != nil {
		t.Fatal(err)
	}
	c := compressor(t, gcm)
	stored := store(t, c, object())
	if bytes.Contains(stored, magic) || bytes.Contains(stored, []byte("f:spec")) {
		t.Error("what is stored is not encrypted")
	}
	if len(stored) > len(object())/2 {
		t.Errorf("an object of %d bytes is stored in %d", len(object()), len(stored))
	}
	back, _, err := c.TransformFromStorage(context.Background(), stored, where)
	if err != nil || !bytes.Equal(back, object()) {
		t.Errorf("came back as %.40q, %v", back, err)
	}
}

func TestDamagedValuesAreRefused(t *testing.T) {
	c := compressor(t, nil)
	stored := store(t, c, object())
	if _, _, err := c.TransformFromStorage(context.Background(), stored[:len(stored)-5], where); err == nil {
		t.Error("a value that was cut off is read")
	}
	huge := store(t, c, make([]byte, maxSize+1))
	if _, _, err := c.TransformFromStorage(context.Background(), huge, where); err == nil {
		t.Error("a value that expands beyond the limit is read")
	}
}

// fakeGetter gives all resources one configuration.
type fakeGetter struct {
	config *storagebackend.ConfigForResource
	err    error
}

func (f fakeGetter) GetRESTOptions(schema.GroupResource, runtime.Object) (generic.RESTOptions, error) {
	return generic.RESTOptions{StorageConfig: f.config}, f.err
}

func TestEveryResourceIsCompressedOnce(t *testing.T) {
	shared := &storagebackend.ConfigForResource{}
	wrapped := Wrap(fakeGetter{config: shared})
	for range 2 {
		options, err := wrapped.GetRESTOptions(schema.GroupResource{Resource: "things"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		stored := store(t, options.StorageConfig.Transformer, object())
		once := store(t, compressor(t, nil), object())
		if !bytes.Equal(stored, once) {
			t.Errorf("an object is stored as %.40q, want %.40q", stored, once)
		}
	}
	if shared.Transformer != nil {
		t.Error("the shared configuration was changed")
	}
	cause := errors.New("no storage")
	if _, err := Wrap(fakeGetter{err: cause}).GetRESTOptions(schema.GroupResource{}, nil); !errors.Is(err, cause) {
		t.Errorf("got error %v, want %v", err, cause)
	}
}

func BenchmarkStoreAndRead(b *testing.B) {
	c := compressor(b, nil)
	for b.Loop() {
		stored := store(b, c, object())
		if _, _, err := c.TransformFromStorage(context.Background(), stored, where); err != nil {
			b.Fatal(err)
		}
	}
}
