// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/subresource"
)

// Pictures of screens are PNG, and begin like it.
const (
	pictureType  = "image/png"
	pictureStart = "\x89PNG\r\n\x1a\n"
)

// consoleOf tells whether an instance has a serial console to connect to.
func consoleOf(vmi *v1.VirtualMachineInstance, _ url.Values) (url.Values, error) {
	switch {
	case !vmi.SerialConsole():
		return nil, apierrors.NewBadRequest("No serial consoles are present.")
	case vmi.Status.Phase == v1.Failed:
		return nil, conflict(vmi.Name, "VMI is in failed status")
	case !vmi.IsRunning():
		// Clients try again on 400 until the guest runs.
		return nil, apierrors.NewBadRequest(vmiNotRunning)
	}
	return nil, nil
}

// hasDisplay tells whether an instance has a screen.
func hasDisplay(_ context.Context, vmi *v1.VirtualMachineInstance) error {
	if auto := vmi.Spec.Domain.Devices.AutoattachGraphicsDevice; auto != nil && !*auto {
		return apierrors.NewBadRequest("No graphics devices are present.")
	}
	if !vmi.IsRunning() {
		return apierrors.NewBadRequest(vmiNotRunning)
	}
	return nil
}

// vncOf tells whether an instance has a screen to connect to.
func vncOf(vmi *v1.VirtualMachineInstance, query url.Values) (url.Values, error) {
	if err := hasDisplay(context.Background(), vmi); err != nil {
		return nil, err
	}
	preserve, err := flag(query, "preserveSession", false)
	if err != nil {
		return nil, err
	}
	exclusive, err := flag(query, "exclusive", false)
	switch {
	case err != nil:
		return nil, err
	case preserve && exclusive:
		return nil, apierrors.NewBadRequest("preserveSession, exclusive: one spares those who watch, the other sends them away; give one of them")
	case preserve:
		return url.Values{"preserveSession": {"true"}}, nil
	case exclusive:
		return url.Values{"exclusive": {"true"}}, nil
	}
	return nil, nil
}

// screenshot answers a picture of an instance's screen.
func (i *Instances) screenshot(req *http.Request, name string) (http.Handler, error) {
	vmi, err := i.checked(req.Context(), name, []check{hasDisplay})
	if err != nil {
		return nil, err
	}
	move, err := flag(req.URL.Query(), "moveCursor", false)
	if err != nil {
		return nil, err
	}
	target, err := i.hop.locate(vmi, "vnc/screenshot")
	if err != nil {
		return nil, err
	}
	if move {
		target.url.RawQuery = url.Values{"moveCursor": {"true"}}.Encode()
	}
	contentType, picture, err := target.call(req.Context(), http.MethodGet, nil)
	if err != nil {
		return nil, err
	}
	// A browser shows what this server says it is, so it has to be that.
	switch {
	case contentType != pictureType:
		return nil, target.unexpected(contentType, pictureType)
	case !bytes.HasPrefix(picture, []byte(pictureStart)):
		return nil, target.unexpected("no PNG", pictureType)
	}
	return subresource.Content(contentType, picture), nil
}

// usbOf tells whether an instance has sockets for the USB devices of clients.
func usbOf(vmi *v1.VirtualMachineInstance, _ url.Values) (url.Values, error) {
	switch {
	case vmi.Spec.Architecture == "s390x":
		return nil, conflict(vmi.Name, "No USB support on s390x")
	case vmi.Spec.Domain.Devices.ClientPassthrough == nil:
		return nil, conflict(vmi.Name, "Not configured with USB Redirection")
	case !vmi.IsRunning():
		return nil, apierrors.NewBadRequest(vmiNotRunning)
	}
	return nil, nil
}

// vsockOf tells whether an instance has a VSOCK device, and to which port of it a client wants.
func vsockOf(vmi *v1.VirtualMachineInstance, query url.Values) (url.Values, error) {
	if attached := vmi.Spec.Domain.Devices.AutoattachVSOCK; attached == nil || !*attached {
		return nil, apierrors.NewBadRequest("VSOCK is not attached.")
	}
	port, err := strconv.ParseUint(query.Get("port"), 10, 32)
	if err != nil || port == 0 {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("port: %q is no port of VSOCK; give a number from 1 to 4294967295", query.Get("port")))
	}
	tls, err := flag(query, "tls", true)
	if err != nil {
		return nil, err
	}
	return url.Values{"port": {strconv.FormatUint(port, 10)}, "tls": {strconv.FormatBool(tls)}}, nil
}

// flag reads a query parameter that is true or false.
func flag(query url.Values, name string, otherwise bool) (bool, error) {
	value := query.Get(name)
	if value == "" {
		return otherwise, nil
	}
	parsed, err := strconv.ParseBool(value)
	if err != nil {
		return false, apierrors.NewBadRequest(fmt.Sprintf("%s: %q is neither true nor false", name, value))
	}
	return parsed, nil
}
