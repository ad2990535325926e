// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package display

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const (
	// maxPixels caps a picture: 64 MiB with four bytes for each.
	maxPixels = 16 << 20
	// maxPNG caps a picture that comes as PNG, in bytes.
	maxPNG = 64 << 20
)

// WritePNG writes a picture of a media type that libvirt gives, PNG or PPM by how QEMU was built, as PNG.
// It holds no more than two lines of the picture in memory.
func WritePNG(w io.Writer, mediaType string, picture io.Reader) error {
	switch mediaType {
	case "image/png":
		n, err := io.Copy(w, io.LimitReader(picture, maxPNG+1))
		if err == nil && n > maxPNG {
			err = fmt.Errorf("it has more than %d bytes", maxPNG)
		}
		return wrap(err)
	case "image/x-portable-pixmap":
		return wrap(convertPPM(w, bufio.NewReader(picture)))
	}
	return wrap(fmt.Errorf("its type %q is not known", mediaType))
}

func wrap(err error) error {
	if err != nil {
		return fmt.Errorf("read picture of the screen: %w", err)
	}
	return nil
}

func convertPPM(w io.Writer, picture *bufio.Reader) error {
	width, height, err := readPPMHeader(picture)
	if err != nil {
		return err
	}
	encoder, err := newEncoder(w, width, height)
	if err != nil {
		return err
	}
	line := make([]byte, 3*width)
	for range height {
		if _, err := io.ReadFull(picture, line); err != nil {
			return fmt.Errorf("it ends early: %w", err)
		}
		if err := encoder.writeLine(line); err != nil {
			return err
		}
	}
	return encoder.close()
}

// readPPMHeader reads a header such as "P6 1280 800 255", whose last number is the brightest value.
func readPPMHeader(picture *bufio.Reader) (width, height int, err error) {
	var words [4]string
	for i := range words {
		if words[i], err = readWord(picture); err != nil {
			return 0, 0, err
		}
	}
	if words[0] != "P6" || words[3] != "255" {
		return 0, 0, fmt.Errorf("%q is no PPM of three bytes for a pixel", strings.Join(words[:], " "))
	}
	width, err1 := strconv.Atoi(words[1])
	height, err2 := strconv.Atoi(words[2])
	if errors.Join(err1, err2) != nil || width < 1 || height < 1 || width > maxPixels || height > maxPixels/width {
		return 0, 0, fmt.Errorf("its size %.20s by %.20s is not between 1 and %d pixels", words[1], words[2], maxPixels)
	}
	return width, height, nil
}

// readWord reads up to the next white space, of which there is a single character before the pixels.
func readWord(picture *bufio.Reader) (string, error) {
	var word []byte
	for {
		c, err := picture.ReadByte()
		if err != nil {
			return "", err
		}
		switch {
		case c != ' ' && c != '\n':
			if word = append(word, c); len(word) > 20 {
				return "", fmt.Errorf("%q is no part of a header", word)
			}
		case len(word) > 0:
			return string(word), nil
		}
	}
}
