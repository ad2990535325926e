// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package rdp

import (
	"encoding/binary"
	"image/color"
	"testing"
)

// dump writes a window dump as Xvfb does, with a colour map and lines that are longer than the picture.
func dump(pixels [][]uint32) []byte {
	const headerSize, colors = 160, 256
	line := 4*len(pixels[0]) + 8
	raw := make([]byte, headerSize+colors*colorSize+line*len(pixels))
	for i, value := range map[int]int{xwdHeaderSize: headerSize, xwdVersion: 7, xwdFormat: 2, xwdDepth: 24, xwdWidth: len(pixels[0]), xwdHeight: len(pixels),
		xwdBitsPerPixel: 32, xwdBytesPerLine: line, xwdRed: 0xff0000, xwdGreen: 0xff00, xwdBlue: 0xff, xwdColors: colors} {
		binary.BigEndian.PutUint32(raw[4*i:], uint32(value))
	}
	for y, row := range pixels {
		for x, pixel := range row {
			binary.LittleEndian.PutUint32(raw[headerSize+colors*colorSize+y*line+4*x:], pixel)
		}
	}
	return raw
}

func TestTheDumpOfAScreenIsRead(t *testing.T) {
	raw := dump([][]uint32{{0xff0000, 0x00ff00, 0x0000ff}, {0x010203, 0, 0xffffff}})
	picture, err := decodeXWD(raw)
	if err != nil {
		t.Fatal(err)
	}
	if size := picture.Bounds().Size(); size.X != 3 || size.Y != 2 {
		t.Errorf("size %v", size)
	}
	for _, want := range []struct {
		x, y  int
		color color.RGBA
	}{{0, 0, color.RGBA{255, 0, 0, 255}}, {1, 0, color.RGBA{0, 255, 0, 255}}, {2, 0, color.RGBA{0, 0, 255, 255}}, {0, 1, color.RGBA{1, 2, 3, 255}}, {2, 1, color.RGBA{255, 255, 255, 255}}} {
		if got := picture.RGBAAt(want.x, want.y); got != want.color {
			t.Errorf("pixel %d,%d is %v, want %v", want.x, want.y, got, want.color)
		}
	}
	for _, short := range [][]byte{nil, raw[:50], raw[:len(raw)-1]} {
		if _, err := decodeXWD(short); err == nil {
			t.Errorf("a dump of %d bytes is read", len(short))
		}
	}
	raw[4*xwdBitsPerPixel+3] = 16
	if _, err := decodeXWD(raw); err == nil {
		t.Error("a dump with 16 bits per pixel is read")
	}
}

func TestTheShareOfAColourIsTakenWithTolerance(t *testing.T) {
	picture, err := decodeXWD(dump([][]uint32{{0xc81e96, 0xc91d97, 0xffffff, 0}}))
	if err != nil {
		t.Fatal(err)
	}
	if got := share(picture, color.RGBA{0xc8, 0x1e, 0x96, 0xff}); got != 0.5 {
		t.Errorf("share %v, want 0.5", got)
	}
	if got := shades(picture); got != 4 {
		t.Errorf("%d shades, want 4", got)
	}
}
