// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sort"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

const (
	// maxScreenshot caps a screenshot, in bytes: 8K uncompressed is less.
	maxScreenshot = 128 << 20
	// maxList caps answers that are lists, in bytes.
	maxList = 64 << 20
)

// screenshot serves what a guest's screen shows, as PNG.
func (s *server) screenshot(w http.ResponseWriter, r *http.Request) {
	p, ok := s.placeOf(w, r)
	if !ok {
		return
	}
	picture, err := s.requests.Get().AbsPath(p.of(instances, "vnc", "screenshot")...).Stream(r.Context())
	if err != nil {
		refuse(w, err)
		return
	}
	defer picture.Close()
	w.Header().Set("Content-Type", "image/png")
	_, _ = io.Copy(w, io.LimitReader(picture, maxScreenshot))
}

// log serves the log of a serial console: the virtual machine's, which is there when it is stopped as well, or the one
// of an instance without any.
func (s *server) log(w http.ResponseWriter, r *http.Request) {
	p, ok := s.placeOf(w, r)
	if !ok {
		return
	}
	ask := func(resource string) (io.ReadCloser, error) {
		request := s.requests.Get().AbsPath(p.of(resource, "log")...)
		if n, err := strconv.ParseInt(r.URL.Query().Get("tailBytes"), 10, 64); err == nil && n > 0 {
			request.Param("tailBytes", strconv.FormatInt(n, 10))
		}
		return request.Stream(r.Context())
	}
	text, err := ask(machines)
	if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) {
		if other, err2 := ask(instances); err2 == nil {
			text, err = other, nil
		}
	}
	if err != nil {
		refuse(w, err)
		return
	}
	defer text.Close()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.Copy(w, text)
}

// namespaces serves the names of all namespaces, if the user may know them.
func (s *server) namespaces(w http.ResponseWriter, r *http.Request) {
	var list struct {
		Items []metav1.PartialObjectMetadata
	}
	if err := decode(r, s.requests.Get().AbsPath(corePath, "namespaces"), &list); err != nil {
		refuse(w, err)
		return
	}
	names := make([]string, 0, len(list.Items))
	for _, item := range list.Items {
		names = append(names, item.Name)
	}
	sort.Strings(names)
	writeJSON(w, names)
}

// event is what happened to a virtual machine or its instance.
type event struct {
	Time    time.Time `json:"time"`
	Type    string    `json:"type"`
	Reason  string    `json:"reason"`
	Message string    `json:"message"`
	// About is the kind of the object.
	About string `json:"about"`
	Count int32  `json:"count"`
}

// clusterEvent holds what is used of a core/v1 Event.
type clusterEvent struct {
	metav1.ObjectMeta `json:"metadata"`
	InvolvedObject    struct{ Kind string }
	Type, Reason      string
	Message           string
	Count             int32
	LastTimestamp     metav1.Time
	EventTime         metav1.MicroTime
	Series            *struct {
		Count            int32
		LastObservedTime metav1.MicroTime
	}
}

func (e clusterEvent) last() time.Time {
	switch {
	case e.Series != nil && !e.Series.LastObservedTime.IsZero():
		return e.Series.LastObservedTime.Time
	case !e.LastTimestamp.IsZero():
		return e.LastTimestamp.Time
	case !e.EventTime.IsZero():
		return e.EventTime.Time
	}
	return e.CreationTimestamp.Time
}

// events serves what happened to a virtual machine and its instance, the latest first.
func (s *server) events(w http.ResponseWriter, r *http.Request) {
	p, ok := s.placeOf(w, r)
	if !ok {
		return
	}
	var list struct{ Items []clusterEvent }
	request := s.requests.Get().AbsPath(corePath, "namespaces", p.namespace, "events").Param("fieldSelector", "involvedObject.name="+p.name)
	if err := decode(r, request, &list); err != nil {
		refuse(w, err)
		return
	}
	shown := []event{}
	for _, e := range list.Items {
		if kind := e.InvolvedObject.Kind; kind != "VirtualMachine" && kind != "VirtualMachineInstance" {
			continue
		}
		count := max(e.Count, 1)
		if e.Series != nil {
			count = max(count, e.Series.Count)
		}
		shown = append(shown, event{e.last(), e.Type, e.Reason, e.Message, e.InvolvedObject.Kind, count})
	}
	sort.SliceStable(shown, func(i, j int) bool { return shown[i].Time.After(shown[j].Time) })
	writeJSON(w, shown)
}

// decode performs request and decodes its answer into into.
func decode(r *http.Request, request *rest.Request, into any) error {
	answer, err := request.Stream(r.Context())
	if err != nil {
		return err
	}
	defer answer.Close()
	if err := json.NewDecoder(io.LimitReader(answer, maxList)).Decode(into); err != nil {
		return fmt.Errorf("decode the cluster's answer: %w", err)
	}
	return nil
}
