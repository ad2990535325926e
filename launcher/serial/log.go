// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package serial

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// CopyTo copies the output to w, such as the container's log, until it ends. A slow w misses output
// instead of making the guest wait, and is told how much.
func (r *Ring) CopyTo(ctx context.Context, w io.Writer) error {
	var offset uint64
	buf := make([]byte, 32<<10)
	for {
		n, err := r.Read(ctx, offset, buf)
		switch {
		case errors.Is(err, ErrOverrun):
			oldest := r.Clamp(offset)
			if _, err := fmt.Fprintf(w, "\n[virtplane: %d bytes of output skipped]\n", oldest-offset); err != nil {
				return err
			}
			offset = oldest
			continue
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		offset += uint64(n)
		if _, err := w.Write(buf[:n]); err != nil {
			return err
		}
	}
}
