// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package compression stores objects compressed. Half of a virtual machine in etcd is the record of who
// manages which field, which repeats the names of all fields in JSON.
package compression

import (
	"bytes"
	"context"
	"fmt"

	"github.com/klauspost/compress/zstd"
	"k8s.io/apiserver/pkg/storage/value"
	"k8s.io/apiserver/pkg/storage/value/encrypt/identity"
)

const (
	// minSize is the size in bytes from which compression saves more than its header takes.
	minSize = 512
	// maxSize is the size in bytes of the largest value that is read: more than etcd takes in one
	// request, and little enough that a forged value cannot exhaust the memory.
	maxSize = 16 << 20
	// window in bytes is what the encoder looks back; objects are small.
	window = 64 << 10
)

// magic begins every zstd frame. No value begins so by itself: protobuf objects begin with "k8s" and a
// zero, JSON with a brace.
var magic = []byte{0x28, 0xb5, 0x2f, 0xfd}

// transformer compresses what it hands to an inner transformer: what is encrypted cannot be compressed.
type transformer struct {
	inner   value.Transformer
	encoder *zstd.Encoder
	decoder *zstd.Decoder
}

// New returns a transformer that compresses before inner stores, which may be nil. It reads values that
// were stored without compression as well.
func New(inner value.Transformer) (value.Transformer, error) {
	if inner == nil {
		inner = identity.NewEncryptCheckTransformer()
	}
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(window), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, fmt.Errorf("make encoder: %w", err)
	}
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(maxSize), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, fmt.Errorf("make decoder: %w", err)
	}
	return &transformer{inner: inner, encoder: encoder, decoder: decoder}, nil
}

// TransformToStorage compresses data where that makes it smaller.
func (t *transformer) TransformToStorage(ctx context.Context, data []byte, where value.Context) ([]byte, error) {
	if len(data) >= minSize {
		if small := t.encoder.EncodeAll(data, make([]byte, 0, len(data)/2)); len(small) < len(data) {
			data = small
		}
	}
	return t.inner.TransformToStorage(ctx, data, where)
}

// TransformFromStorage returns data as it was before it was stored. A value without compression is not
// stale: the next change of the object compresses it.
func (t *transformer) TransformFromStorage(ctx context.Context, data []byte, where value.Context) ([]byte, bool, error) {
	data, stale, err := t.inner.TransformFromStorage(ctx, data, where)
	if err != nil || !bytes.HasPrefix(data, magic) {
		return data, stale, err
	}
	plain, err := t.decoder.DecodeAll(data, nil)
	if err != nil {
		return nil, false, fmt.Errorf("decompress: %w", err)
	}
	return plain, stale, nil
}
