// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build libvirt_dlopen

package virt

import (
	"errors"
	"io"

	"libvirt.org/go/libvirt"
)

// Screenshot takes a picture of the guest's first screen and returns its media type, which depends on how
// QEMU was built. libvirt keeps the picture until it is closed.
func (c *Client) Screenshot() (mediaType string, content io.ReadCloser, err error) {
	conn, err := c.connection()
	if err != nil {
		return "", nil, err
	}
	stream, err := conn.NewStream(0)
	if err != nil {
		return "", nil, explain(err)
	}
	err = c.withDomain(func(d *libvirt.Domain) error {
		mediaType, err = d.Screenshot(stream, 0, 0)
		return err
	})
	if err != nil {
		_ = stream.Free()
		return "", nil, err
	}
	return mediaType, &picture{stream: stream}, nil
}

// picture is one on its way from libvirt.
type picture struct {
	stream *libvirt.Stream
	ended  bool
}

// Read reads what has come.
func (p *picture) Read(b []byte) (int, error) {
	n, err := p.stream.Recv(b)
	switch {
	case errors.Is(err, io.EOF):
		p.ended = true
		return 0, io.EOF
	case err != nil:
		return 0, explain(err)
	}
	return n, nil
}

// Close lets libvirt delete the picture.
func (p *picture) Close() error {
	end := p.stream.Abort
	if p.ended {
		end = p.stream.Finish
	}
	return explain(errors.Join(end(), p.stream.Free()))
}
