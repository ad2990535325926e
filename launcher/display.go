// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package launcher

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
	"k8s.io/klog/v2"

	"github.com/virtplane/virtplane/launcher/display"
	"github.com/virtplane/virtplane/launcher/session"
)

const (
	// pictureTimeout is how long the plugin may take to accept a picture.
	pictureTimeout = 10 * time.Second
	// wakeTime is what a guest gets to draw its screen anew once its pointer was moved.
	wakeTime = 300 * time.Millisecond
)

// Camera takes pictures of the guest's screen.
type Camera interface {
	// Screenshot returns a picture and its media type; the caller closes it.
	Screenshot() (mediaType string, content io.ReadCloser, err error)
}

func (l *launcher) vncSocket() string { return filepath.Join(l.layout.Home, "virt-vnc") }

// openScreen hands a connection with QEMU's VNC server to the plugin. libvirt has no part in it, so that
// a viewer gets in while libvirtd is away, and never waits behind another call.
func (l *launcher) openScreen(ctx context.Context) (any, error) {
	if l.current() == nil {
		return nil, errNotRunning
	}
	screen, err := display.Connect(ctx, l.vncSocket())
	if err != nil {
		return nil, err
	}
	return screen, nil
}

// takePicture hands a stream to the plugin on which the picture follows.
func (l *launcher) takePicture(ctx context.Context, arguments json.RawMessage) (any, error) {
	camera := l.current()
	if camera == nil {
		return nil, errNotRunning
	}
	var options session.Screenshot
	if len(arguments) > 0 {
		if err := json.Unmarshal(arguments, &options); err != nil {
			return nil, fmt.Errorf("decode arguments: %w", err)
		}
	}
	if options.MoveCursor {
		l.wakeScreen(ctx)
	}
	near, far, err := socketPair()
	if err != nil {
		return nil, err
	}
	mediaType, picture, err := camera.Screenshot()
	if err != nil {
		near.Close()
		far.Close()
		return nil, fmt.Errorf("take a picture of the screen: %w", err)
	}
	go func() {
		defer near.Close()
		defer picture.Close()
		err := near.SetDeadline(time.Now().Add(pictureTimeout))
		if err == nil {
			err = display.WritePNG(near, mediaType, picture)
		}
		if err != nil {
			klog.FromContext(ctx).Info("Picture of the screen was not delivered", "err", err)
		}
	}()
	return far, nil
}

// wakeScreen moves the pointer. A screen that cannot be woken is shown as it is.
func (l *launcher) wakeScreen(ctx context.Context) {
	if err := display.MovePointer(ctx, l.vncSocket()); err != nil {
		klog.FromContext(ctx).Info("The screen is not woken", "err", err)
		return
	}
	select {
	case <-time.After(wakeTime):
	case <-ctx.Done():
	}
}

// socketPair returns two ends of a stream.
func socketPair() (net.Conn, *os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("make a stream: %w", err)
	}
	near, far := os.NewFile(uintptr(fds[0]), "near"), os.NewFile(uintptr(fds[1]), "far")
	defer near.Close()
	conn, err := net.FileConn(near)
	if err != nil {
		far.Close()
		return nil, nil, fmt.Errorf("make a stream: %w", err)
	}
	return conn, far, nil
}
