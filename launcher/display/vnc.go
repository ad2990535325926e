// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package display reaches the guest's screen: the VNC server in QEMU, and pictures that libvirt takes.
package display

import (
	"context"
	"fmt"
	"net"
	"os"
)

// Connect returns a new connection with the VNC server that listens at socket. Nothing was said on it yet.
func Connect(ctx context.Context, socket string) (*os.File, error) {
	conn, err := dial(ctx, socket)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	file, err := conn.File()
	if err != nil {
		return nil, fmt.Errorf("connect with the screen: %w", err)
	}
	return file, nil
}

func dial(ctx context.Context, socket string) (*net.UnixConn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, fmt.Errorf("connect with the screen: %w", err)
	}
	return conn.(*net.UnixConn), nil
}
