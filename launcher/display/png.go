// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package display

import (
	"bufio"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
)

const (
	pngMagic = "\x89PNG\r\n\x1a\n"
	// chunkSize is how much compressed data goes into one chunk of the file, in bytes.
	chunkSize = 32 << 10
	// filterUp has each line hold the difference to the one above: most of a screen repeats downwards.
	filterUp = 2
)

// encoder writes a PNG of three bytes for a pixel line by line. The encoder of the standard library
// wants the whole picture in memory, of which a launcher has little to spare.
type encoder struct {
	w        io.Writer
	data     *bufio.Writer
	pixels   *zlib.Writer
	above    []byte
	filtered []byte
}

func newEncoder(w io.Writer, width, height int) (*encoder, error) {
	if _, err := io.WriteString(w, pngMagic); err != nil {
		return nil, err
	}
	header := binary.BigEndian.AppendUint32(nil, uint32(width))
	header = binary.BigEndian.AppendUint32(header, uint32(height))
	// Eight bits for each of three colours; the only methods of compression and filtering; no interlacing.
	if err := writeChunk(w, "IHDR", append(header, 8, 2, 0, 0, 0)); err != nil {
		return nil, err
	}
	e := &encoder{w: w, data: bufio.NewWriterSize(chunks{w}, chunkSize), above: make([]byte, 3*width), filtered: make([]byte, 1+3*width)}
	var err error
	if e.pixels, err = zlib.NewWriterLevel(e.data, zlib.BestSpeed); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	e.filtered[0] = filterUp
	return e, nil
}

func (e *encoder) writeLine(line []byte) error {
	for i, v := range line {
		e.filtered[1+i] = v - e.above[i]
	}
	copy(e.above, line)
	_, err := e.pixels.Write(e.filtered)
	return err
}

func (e *encoder) close() error {
	if err := e.pixels.Close(); err != nil {
		return err
	}
	if err := e.data.Flush(); err != nil {
		return err
	}
	return writeChunk(e.w, "IEND", nil)
}

// chunks writes each piece as a chunk of compressed pixels.
type chunks struct{ w io.Writer }

func (c chunks) Write(p []byte) (int, error) { return len(p), writeChunk(c.w, "IDAT", p) }

func writeChunk(w io.Writer, kind string, data []byte) error {
	chunk := make([]byte, 0, 12+len(data))
	chunk = binary.BigEndian.AppendUint32(chunk, uint32(len(data)))
	chunk = append(append(chunk, kind...), data...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
	_, err := w.Write(chunk)
	return err
}
