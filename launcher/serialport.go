// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package launcher

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"sync"

	"k8s.io/klog/v2"
	"k8s.io/utils/ptr"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/plugin"
	"github.com/virtplane/virtplane/launcher/serial"
	"github.com/virtplane/virtplane/launcher/session"
)

// serveSerial listens for the guest's serial port. Its output goes to the node plugin, and to the
// container's log where the instance asks for that.
func (l *launcher) serveSerial(ctx context.Context, vmi *v1.VirtualMachineInstance) error {
	if !vmi.SerialConsole() {
		close(l.console)
		return nil
	}
	port, err := serial.Listen(l.serialSocket())
	if err != nil {
		return err
	}
	l.port = port
	var log io.Writer
	if ptr.Deref(vmi.Spec.Domain.Devices.LogSerialConsole, false) {
		log = os.Stdout
	}
	go port.Run(ctx)
	go func() {
		defer close(l.console)
		copySerial(ctx, port, filepath.Join(session.SocketDir, session.SocketName), log)
	}()
	return nil
}

// copySerial hands the output of port to the plugin behind socket, and to log if there is one, until both
// have all of it.
func copySerial(ctx context.Context, port *serial.Port, socket string, log io.Writer) {
	var readers sync.WaitGroup
	readers.Go(func() { plugin.NewConsole(socket, port).Run(ctx) })
	if log != nil {
		readers.Go(func() {
			if err := port.Output.CopyTo(ctx, log); err != nil {
				klog.FromContext(ctx).Info("Serial console is no longer logged", "err", err)
			}
		})
	}
	readers.Wait()
}
