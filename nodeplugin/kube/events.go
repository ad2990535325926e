// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/record"
)

// eventTimeout keeps a slow API server from holding up later events.
const eventTimeout = 10 * time.Second

// Events returns where an event broadcaster writes to.
func (c *Client) Events(ctx context.Context) record.EventSink { return &sink{c, ctx} }

// sink writes events with the context of its broadcaster, because the interface has none.
type sink struct {
	client *Client
	ctx    context.Context
}

// Create writes a new event.
func (s *sink) Create(e *corev1.Event) (*corev1.Event, error) {
	ctx, cancel := context.WithTimeout(s.ctx, eventTimeout)
	defer cancel()
	result := &corev1.Event{}
	err := s.client.core.Post().Namespace(e.Namespace).Resource("events").
		VersionedParams(&metav1.CreateOptions{}, s.client.parameters).Body(e).Do(ctx).Into(result)
	return result, err
}

// Update is not called for events that are patched.
func (s *sink) Update(e *corev1.Event) (*corev1.Event, error) { return s.Create(e) }

// Patch counts an event up that was written before.
func (s *sink) Patch(e *corev1.Event, data []byte) (*corev1.Event, error) {
	ctx, cancel := context.WithTimeout(s.ctx, eventTimeout)
	defer cancel()
	result := &corev1.Event{}
	err := s.client.core.Patch(types.StrategicMergePatchType).Namespace(e.Namespace).Resource("events").
		Name(e.Name).Body(data).Do(ctx).Into(result)
	return result, err
}
