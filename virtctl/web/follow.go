// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

const (
	// firstPause and lastPause are how long a watch that broke waits before the next attempt.
	firstPause = time.Second
	lastPause  = 10 * time.Second
)

// follower keeps up with the objects of one resource.
type follower[T any] struct {
	requests rest.Interface
	path     []string
	// replace gets all objects, update one that is new or changed, remove one that is gone, fail what went wrong.
	replace func([]T)
	update  func(*T)
	remove  func(*T)
	fail    func(error)
}

// watchEvent is an event of a watch, with the object as it came.
type watchEvent struct {
	Type   string          `json:"type"`
	Object json.RawMessage `json:"object"`
}

// run follows until ctx ends.
func (f *follower[T]) run(ctx context.Context) {
	pause := firstPause
	for ctx.Err() == nil {
		version, err := f.list(ctx)
		for err == nil && ctx.Err() == nil {
			pause = firstPause
			// A watch that simply ends goes on where it was.
			version, err = f.watch(ctx, version)
		}
		if ctx.Err() != nil {
			return
		}
		if apierrors.IsResourceExpired(err) || apierrors.IsGone(err) {
			continue
		}
		f.fail(err)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
		pause = min(2*pause, lastPause)
	}
}

// list tells of everything and returns its version.
func (f *follower[T]) list(ctx context.Context) (string, error) {
	answer, err := f.requests.Get().AbsPath(f.path...).Stream(ctx)
	if err != nil {
		return "", err
	}
	defer answer.Close()
	var all struct {
		Metadata metav1.ListMeta `json:"metadata"`
		Items    []T             `json:"items"`
	}
	if err := json.NewDecoder(answer).Decode(&all); err != nil {
		return "", fmt.Errorf("decode list: %w", err)
	}
	f.replace(all.Items)
	return all.Metadata.ResourceVersion, nil
}

// watch tells of changes after version until the server ends it, and returns the version reached.
func (f *follower[T]) watch(ctx context.Context, version string) (string, error) {
	answer, err := f.requests.Get().AbsPath(f.path...).Param("watch", "true").Param("allowWatchBookmarks", "true").
		Param("resourceVersion", version).Stream(ctx)
	if err != nil {
		return version, err
	}
	defer answer.Close()
	begin, got := time.Now(), false
	events := json.NewDecoder(answer)
	for {
		var event watchEvent
		if err := events.Decode(&event); err != nil {
			if err == io.EOF && (got || time.Since(begin) > firstPause) {
				return version, nil
			}
			return version, fmt.Errorf("watch: %w", err)
		}
		got = true
		if version, err = f.take(event, version); err != nil {
			return version, err
		}
	}
}

// take tells of one event and returns its version.
func (f *follower[T]) take(event watchEvent, version string) (string, error) {
	if event.Type == "ERROR" {
		status := &metav1.Status{}
		if err := json.Unmarshal(event.Object, status); err != nil || status.Code == 0 {
			status = &metav1.Status{Code: http.StatusInternalServerError, Message: "the watch ended with an error"}
		}
		return version, apierrors.FromObject(status)
	}
	var meta metav1.PartialObjectMetadata
	if err := json.Unmarshal(event.Object, &meta); err != nil {
		return version, fmt.Errorf("decode event: %w", err)
	}
	object := new(T)
	if event.Type != "BOOKMARK" {
		if err := json.Unmarshal(event.Object, object); err != nil {
			return version, fmt.Errorf("decode event: %w", err)
		}
	}
	switch event.Type {
	case "ADDED", "MODIFIED":
		f.update(object)
	case "DELETED":
		f.remove(object)
	}
	return meta.ResourceVersion, nil
}
