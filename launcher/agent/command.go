// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/virtplane/virtplane/launcher/guestinfo"
)

const (
	// maxReply caps an answer that is decoded, in bytes. A guest with some hundred NICs needs a tenth.
	maxReply = 1 << 20
	// maxElements caps what is decoded of each list; what is passed on has narrower caps.
	maxElements = 256
	// maxRefusal caps an error of the agent, in bytes.
	maxRefusal = 512
	// quick is how long an answer may take for which the agent only has to look something up.
	quick = 3 * time.Second
)

// ask has the agent carry out a command with arguments, which may be nil, and decodes the answer into
// into, which may be nil as well. It returns when ctx ends; the next command waits until this one's time
// is up.
func (a *Agent) ask(ctx context.Context, command string, arguments, into any, limit time.Duration) error {
	request, err := json.Marshal(struct {
		Execute   string `json:"execute"`
		Arguments any    `json:"arguments,omitempty"`
	}{command, arguments})
	if err != nil {
		return fmt.Errorf("encode %s: %w", command, err)
	}
	if err := a.ready(); err != nil {
		return err
	}
	select {
	case a.slot <- struct{}{}:
	case <-ctx.Done():
		return ErrBusy
	}
	type outcome struct {
		reply string
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		defer func() { <-a.slot }()
		reply, err := a.channel.AgentCommand(string(request), limit)
		done <- outcome{reply, err}
	}()
	select {
	case o := <-done:
		if o.err != nil {
			return refusal(command, o.err)
		}
		return decode(command, o.reply, into)
	case <-ctx.Done():
		return ErrSilent
	}
}

// refusal is the agent's or libvirt's own word that a command did not succeed.
func refusal(command string, err error) error {
	var long tooLong
	switch {
	case errors.Is(err, ErrSilent):
		return err
	case errors.As(err, &long):
		return fmt.Errorf("the guest agent's answer to %s cannot be read: %w", command, err)
	}
	return fmt.Errorf("the guest agent refused %s: %s", command, guestinfo.Text(err.Error(), maxRefusal))
}

// decode reads an answer. Nothing in it is believed but what into has a place for.
func decode(command, reply string, into any) error {
	if len(reply) > maxReply {
		return fmt.Errorf("the guest agent's answer to %s has %d bytes, at most %d are read", command, len(reply), maxReply)
	}
	var envelope struct {
		Return json.RawMessage `json:"return"`
	}
	err := json.Unmarshal([]byte(reply), &envelope)
	if err == nil && into != nil {
		err = json.Unmarshal(envelope.Return, into)
	}
	if err != nil {
		return fmt.Errorf("the guest agent's answer to %s cannot be read: %s", command, guestinfo.Text(err.Error(), maxRefusal))
	}
	return nil
}

// list holds the first elements of a list; the others are not decoded.
type list[T any] []T

// UnmarshalJSON reads at most maxElements.
func (l *list[T]) UnmarshalJSON(raw []byte) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	token, err := d.Token()
	switch {
	case err != nil:
		return err
	case token == nil:
		return nil
	case token != json.Delim('['):
		return fmt.Errorf("%.32s is no list", raw)
	}
	for d.More() && len(*l) < maxElements {
		var element T
		if err := d.Decode(&element); err != nil {
			return err
		}
		*l = append(*l, element)
	}
	return nil
}
