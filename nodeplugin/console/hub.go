// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package console connects one launcher's serial port with a log on the node and with any number
// of viewers. How viewers come over the network is left to package stream.
package console

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"
)

const (
	// lingering is how long viewers stay when the launcher's connection breaks: it redials within
	// a second unless the guest has ended.
	lingering = 3 * time.Second
	// maxKeys is how many bytes of keystrokes are handed over at once.
	maxKeys = 4 << 10
	// complaintInterval is how often trouble of one console is reported.
	complaintInterval = time.Minute
)

// ErrEnded says that the guest of the console has ended.
var ErrEnded = errors.New("the console has ended")

// Hub is the console of one guest.
type Hub struct {
	logger klog.Logger
	// keys are keystrokes on their way to the launcher.
	keys chan []byte
	// room holds a token when a viewer has fetched its output.
	room chan struct{}

	// mu guards what follows, and the viewers' contents.
	mu      sync.Mutex
	log     *Log
	window  window
	viewers map[*Viewer]struct{}
	ended   bool
	// finished is set when the guest has ended and only its last output may still come.
	finished bool
	// logFailed is set while the disk takes no log. complained is when that, or something like it, was last
	// reported: a guest must not be able to fill the node plugin's own log.
	logFailed  bool
	complained time.Time
	// connection counts the launcher's connections: only the last one is heard. replace ends it.
	connection int
	connected  bool
	replace    context.CancelFunc
}

// NewHub returns a Hub that writes to log, and closes it at the end.
func NewHub(log *Log, logger klog.Logger) *Hub {
	h := &Hub{logger: logger, log: log, viewers: map[*Viewer]struct{}{}, keys: make(chan []byte), room: make(chan struct{}, 1)}
	h.window.end = log.end
	return h
}

// Own notes whom the guest belongs to: who asks for its log later has to say so.
func (h *Hub) Own(owner types.UID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.log.Own(owner); err != nil && !h.ended {
		h.logger.Error(err, "The console log may not be found when the guest has ended")
	}
}

// End lets all viewers finish after the last output, and closes the log when the last one has.
func (h *Hub) End() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended {
		return
	}
	h.ended = true
	h.dismiss()
	h.closeLog()
}

// closeLog closes the log if nobody needs it any more; the caller holds mu.
func (h *Hub) closeLog() {
	if !h.ended || len(h.viewers) > 0 {
		return
	}
	if err := h.log.Close(); err != nil {
		h.logger.Error(err, "Close console log")
	}
}

// mayComplain tells whether something may be reported now, and takes it as reported; the caller holds mu.
func (h *Hub) mayComplain() bool {
	now := time.Now()
	if now.Sub(h.complained) < complaintInterval {
		return false
	}
	h.complained = now
	return true
}

// publish stores output and tells the viewers. It never waits for any of them. It tells whether the
// connection goes on.
func (h *Hub) publish(connection int, output []byte) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended || connection != h.connection {
		return false
	}
	_, err := h.log.Write(output)
	if err != nil && h.mayComplain() {
		h.logger.Error(err, "Console output is not kept")
	}
	h.logFailed = err != nil
	h.window.write(output)
	for v := range h.viewers {
		v.signal()
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
	return h.connection, h.window.end, nil
}

// resume lets the output continue where the launcher does.
func (h *Hub) resume(connection int, offset uint64) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended || connection != h.connection {
		return ErrEnded
	}
	if missed := int64(offset - h.window.end); missed > 0 {
		lostBytes.Add(float64(missed))
		if h.mayComplain() {
			h.logger.Info("The launcher no longer has some of the console's output", "bytes", missed)
		}
	}
	h.log.SkipTo(offset)
	h.window.move(offset)
	for v := range h.viewers {
		v.signal()
	}
	return nil
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
