// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package display

import (
	"bytes"
	"fmt"
	"image/png"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
)

func TestAPictureBecomesPNG(t *testing.T) {
	const width, height = 321, 123
	pixels := make([]byte, 3*width*height)
	for i := range pixels {
		pixels[i] = byte(rand.Uint32())
	}
	var out bytes.Buffer
	ppm := fmt.Sprintf("P6\n%d %d\n255\n%s", width, height, pixels)
	if err := WritePNG(&out, "image/x-portable-pixmap", strings.NewReader(ppm)); err != nil {
		t.Fatal(err)
	}
	got, err := png.Decode(&out)
	if err != nil {
		t.Fatal(err)
	}
	if size := got.Bounds().Size(); size.X != width || size.Y != height {
		t.Fatalf("size %v", size)
	}
	for y := range height {
		for x := range width {
			r, g, b, a := got.At(x, y).RGBA()
			want := pixels[3*(y*width+x):]
			if r>>8 != uint32(want[0]) || g>>8 != uint32(want[1]) || b>>8 != uint32(want[2]) || a != 0xffff {
				t.Fatalf("pixel %d,%d is %d %d %d %d, want %v", x, y, r, g, b, a, want[:3])
			}
		}
	}
}

func TestPNGIsPassedOn(t *testing.T) {
	var out bytes.Buffer
	if err := WritePNG(&out, "image/png", strings.NewReader(pngMagic+"rest")); err != nil || out.String() != pngMagic+"rest" {
		t.Errorf("got %q, %v", &out, err)
	}
	if err := WritePNG(io.Discard, "image/png", zeros{}); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("a picture without end: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestBadPicturesAreRefused(t *testing.T) {
	for picture, want := range map[string]string{
		"":                              "EOF",
		"P5\n1 1\n255\nx":               "is no PPM",
		"P6\n1 1\n65535\nxxxxxx":        "is no PPM",
		"P6\n0 1\n255\n":                "is not between",
		"P6\n-1 -1\n255\n":              "is not between",
		"P6\n4097 4096\n255\n":          "is not between",
		"P6\n1 999999999\n255\n":        "is not between",
		"P6\n2 2\n255\nxxxxxxx":         "ends early",
		"P6" + strings.Repeat("x", 100): "no part of a header",
	} {
		err := WritePNG(io.Discard, "image/x-portable-pixmap", strings.NewReader(picture))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v, want %s", picture, err, want)
		}
	}
	if err := WritePNG(io.Discard, "image/jpeg", zeros{}); err == nil || !strings.Contains(err.Error(), `"image/jpeg" is not known`) {
		t.Errorf("another type: %v", err)
	}
}

// TestALargePictureTakesLittleMemory holds that a guest with a large screen does not cost its pod the memory of it.
func TestALargePictureTakesLittleMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	picture := io.MultiReader(strings.NewReader("P6\n4096 4096\n255\n"), zeros{})
	if err := WritePNG(io.Discard, "image/x-portable-pixmap", picture); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 8<<20 {
		t.Errorf("took %d bytes", took)
	}
}
