// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package rdp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
)

// Fields of the header of a window dump, in units of four bytes (X11/XWDFile.h).
const (
	xwdHeaderSize = iota
	xwdVersion
	xwdFormat
	xwdDepth
	xwdWidth
	xwdHeight
	_
	xwdByteOrder
	_
	_
	_
	xwdBitsPerPixel
	xwdBytesPerLine
	_
	xwdRed
	xwdGreen
	xwdBlue
	_
	_
	xwdColors
	xwdFields = 25
)

// What the fields hold in the dumps that Xvfb writes with 24 bits of colour.
const (
	fileVersion = 7
	zPixmap     = 2
	lsbFirst    = 0
	colorSize   = 12 // bytes of an entry of the colour map
)

// decodeXWD reads a window dump of a screen with 32 bits per pixel.
func decodeXWD(raw []byte) (*image.RGBA, error) {
	if len(raw) < 4*xwdFields {
		return nil, errors.New("decode window dump: too short")
	}
	var field [xwdFields]int
	for i := range field {
		field[i] = int(binary.BigEndian.Uint32(raw[4*i:]))
	}
	if field[xwdVersion] != fileVersion || field[xwdFormat] != zPixmap || field[xwdBitsPerPixel] != 32 || field[xwdByteOrder] != lsbFirst ||
		field[xwdRed] != 0xff0000 || field[xwdGreen] != 0xff00 || field[xwdBlue] != 0xff {
		return nil, fmt.Errorf("decode window dump: not a screen with 24 bits of colour: %v", field)
	}
	width, height, line := field[xwdWidth], field[xwdHeight], field[xwdBytesPerLine]
	begin := field[xwdHeaderSize] + colorSize*field[xwdColors]
	if width <= 0 || height <= 0 || line < 4*width || len(raw) < begin+height*line {
		return nil, fmt.Errorf("decode window dump: %d bytes for %dx%d", len(raw), width, height)
	}
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			at := raw[begin+y*line+4*x:]
			picture.SetRGBA(x, y, color.RGBA{at[2], at[1], at[0], 0xff})
		}
	}
	return picture, nil
}
