// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package display

import (
	"bytes"
	"image/png"
	"testing"
)

// FuzzPPM holds that whatever QEMU says is a picture becomes one, or an error.
func FuzzPPM(f *testing.F) {
	for _, seed := range []string{"P6\n2 1\n255\nabcdef", "P6 1 1 255\nabc", "P6\n\n3  2\n255\n", "P6\n-1 1\n255\n", "\x89PNG"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, picture []byte) {
		var out bytes.Buffer
		if err := WritePNG(&out, "image/x-portable-pixmap", bytes.NewReader(picture)); err != nil {
			return
		}
		if _, err := png.Decode(&out); err != nil {
			t.Errorf("%q became a picture that cannot be read: %v", picture, err)
		}
	})
}
