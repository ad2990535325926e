// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package console connects one launcher's serial port with a log on the node and with any number
// of viewers. How viewers come over the network is left to package stream.
package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"k8s.io/klog/v2"
)

const (
	// maxViewers caps the viewers of one console: each may hold maxPending.
	maxViewers = 64
	// lingering is how long viewers stay when the launcher's connection breaks: it redials within
	// a second unless the guest has ended.
	lingering = 3 * time.Second
	// maxKeys is how many bytes of keystrokes are handed over at once.
	maxKeys = 4 << 10
)

var (
	// ErrEnded says that the guest of the console has ended.
	ErrEnded = errors.New("the console has ended")
	// ErrTooManyViewers says that no more viewers are let in.
	ErrTooManyViewers = fmt.Errorf("the console has %d viewers already", maxViewers)
)

// Hub is the console of one guest.
type Hub struct {
	logger klog.Logger
	// keys are keystrokes on their way to the launcher.
	keys chan []byte
	// room holds a token when a viewer has fetched its output.
	room chan struct{}

	// mu guards what follows, and the log's and the viewers' contents.
	mu      sync.Mutex
	log     *Log
	viewers map[*Viewer]struct{}
	ended   bool
	// finished is set when the guest has ended and only its last output may still come.
	finished bool
	// logFailed keeps a full disk from being reported at every byte.
	logFailed bool
	// connection counts the launcher's connections: only the last one is heard. replace ends it.
	connection int
	connected  bool
	replace    context.CancelFunc
}

// NewHub returns a Hub that writes to log, and closes it at the end.
func NewHub(log *Log, logger klog.Logger) *Hub {
	return &Hub{logger: logger, log: log, viewers: map[*Viewer]struct{}{}, keys: make(chan []byte), room: make(chan struct{}, 1)}
}

// View adds a viewer, which first gets the last output.
func (h *Hub) View() (*Viewer, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.ended:
		return nil, ErrEnded
	case len(h.viewers) >= maxViewers:
		return nil, ErrTooManyViewers
	}
	v := &Viewer{hub: h, ready: make(chan struct{}, 1), pending: h.log.Tail(Scrollback)}
	h.viewers[v] = struct{}{}
	viewers.Inc()
	return v, nil
}

// Viewers returns the number of viewers.
func (h *Hub) Viewers() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.viewers)
}

func (h *Hub) leave(v *Viewer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, present := h.viewers[v]; present {
		delete(h.viewers, v)
		viewers.Dec()
	}
}

// End lets all viewers finish after the last output, and closes the log.
func (h *Hub) End() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.endLocked()
}

func (h *Hub) endLocked() {
	if h.ended {
		return
	}
	h.ended = true
	h.dismiss()
	if err := h.log.Close(); err != nil {
		h.logger.Error(err, "Close console log")
	}
}

// publish stores output and hands it to the viewers. It never waits for any of them. It tells
// whether the connection goes on.
func (h *Hub) publish(connection int, output []byte) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended || connection != h.connection {
		return false
	}
	_, err := h.log.Write(output)
	if err != nil && !h.logFailed {
		h.logger.Error(err, "Console output is not kept")
	}
	h.logFailed = err != nil
	for v := range h.viewers {
		v.push(output)
	}
	return true
}

func (h *Hub) typeKeys(ctx context.Context, keys []byte) error {
	for len(keys) > 0 {
		n := min(len(keys), maxKeys)
		select {
		case h.keys <- bytes.Clone(keys[:n]): // the caller fills its buffer again
		case <-ctx.Done():
			return ctx.Err()
		}
		keys = keys[n:]
	}
	return nil
}

// connect notes a new connection of the launcher, which takes the place of an older one. It
// returns the connection's number and the offset at which the log ends.
func (h *Hub) connect(replace context.CancelFunc) (int, uint64, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended {
		return 0, 0, ErrEnded
	}
	if h.connected {
		h.replace()
	}
	h.connection++
	h.connected, h.replace = true, replace
	return h.connection, h.log.Offset(), nil
}

// resume lets the log continue where the launcher does.
func (h *Hub) resume(connection int, offset uint64) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended || connection != h.connection {
		return ErrEnded
	}
	return h.log.SkipTo(offset)
}

// disconnect notes the end of a connection. Unless the launcher comes back soon its viewers are
// let go; the console itself stays, for as long as the volume does.
func (h *Hub) disconnect(connection int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if connection != h.connection || h.ended {
		return
	}
	h.connected = false
	if h.finished {
		h.dismiss()
		return
	}
	time.AfterFunc(lingering, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if connection == h.connection && !h.connected {
			h.dismiss()
		}
	})
}

// Finish tells that the guest has ended: viewers are let go as soon as the last output has come.
func (h *Hub) Finish() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.finished {
		return
	}
	h.finished = true
	if !h.connected {
		h.dismiss()
		return
	}
	time.AfterFunc(lingering, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.dismiss()
	})
}

// dismiss lets all viewers finish; the caller holds mu.
func (h *Hub) dismiss() {
	for v := range h.viewers {
		v.end()
	}
}
