// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package devices

import (
	"context"
	"errors"
)

// probeTun tells why tap devices cannot be used.
func (h Host) probeTun(context.Context) error {
	f, err := h.open("net/tun", 10, 200)
	switch {
	case errors.Is(err, errNotOpened) && h.registered("tun"):
		return nil
	case err != nil:
		return err
	}
	return f.Close()
}

// probeVhostNet tells why the kernel cannot carry a guest's packets. Where the device may not be
// opened from here its file is enough: it exists only for a kernel that has the module, which is
// loaded when the first launcher opens it.
func (h Host) probeVhostNet(context.Context) error {
	f, err := h.open("vhost-net", 10, 238)
	switch {
	case errors.Is(err, errNotOpened):
		return nil
	case err != nil:
		return err
	}
	return f.Close()
}
