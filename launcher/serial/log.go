// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package serial

import (
	"context"
	"errors"
	"io"
)

// CopyTo copies the output to w, such as the container's log, until it ends. A slow w misses
// output instead of making the guest wait.
func (r *Ring) CopyTo(ctx context.Context, w io.Writer) error {
	var offset uint64
	buf := make([]byte, 4096)
	for {
		n, err := r.Read(ctx, offset, buf)
		switch {
		case errors.Is(err, ErrOverrun):
			offset = r.Clamp(offset)
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
