// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"fmt"
	"sync"

	"github.com/gorilla/websocket"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// maxScreenViewers caps the viewers of one screen: QEMU encodes the picture for each of them by itself.
const maxScreenViewers = 16

// errAlone ends the streams of viewers that make room for one who wants the screen alone.
var errAlone = ending{websocket.ClosePolicyViolation, "another viewer has asked for the screen alone (exclusive=true)"}

// audience is who watches the screens of the node's guests.
type audience struct {
	// mu guards viewers, by volume.
	mu      sync.Mutex
	viewers map[string]map[*screenViewer]struct{}
}

// screenViewer is one connection to a screen.
type screenViewer struct {
	volume  string
	dismiss context.CancelCauseFunc
}

// join adds a viewer; dismiss ends its stream. A polite one is refused when somebody watches, in the words
// of the published API.
func (a *audience) join(volume string, polite bool, dismiss context.CancelCauseFunc) (*screenViewer, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	present := a.viewers[volume]
	switch {
	case polite && len(present) > 0:
		return nil, apierrors.NewServiceUnavailable("Active VNC connection. Request denied.")
	case len(present) >= maxScreenViewers:
		return nil, apierrors.NewTooManyRequests(fmt.Sprintf("the screen has %d viewers already; try again when one has left", maxScreenViewers), 10)
	case a.viewers == nil:
		a.viewers = map[string]map[*screenViewer]struct{}{}
	}
	if present == nil {
		present = map[*screenViewer]struct{}{}
		a.viewers[volume] = present
	}
	v := &screenViewer{volume, dismiss}
	present[v] = struct{}{}
	return v, nil
}

// dismissOthers ends the streams of all who watch the same screen.
func (a *audience) dismissOthers(v *screenViewer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for other := range a.viewers[v.volume] {
		if other != v {
			other.dismiss(errAlone)
		}
	}
}

// leave removes a viewer.
func (a *audience) leave(v *screenViewer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.viewers[v.volume], v)
	if len(a.viewers[v.volume]) == 0 {
		delete(a.viewers, v.volume)
	}
}
