// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// maxOptions caps the body of a verb, in bytes.
const maxOptions = 4 << 10

// verbOptions are what a page may ask for with a verb.
type verbOptions struct {
	// Force powers the guest off.
	Force bool `json:"force"`
}

// verbs are the verbs of pages, by resource, with the body that the cluster gets.
var verbs = map[string]map[string]func(verbOptions) any{
	machines: {
		"start": func(verbOptions) any { return &v1.StartOptions{} },
		"stop": func(o verbOptions) any {
			if o.Force {
				return &v1.StopOptions{GracePeriod: ptr.To[int64](0)}
			}
			return &v1.StopOptions{}
		},
		"restart": func(o verbOptions) any {
			if o.Force {
				return &v1.RestartOptions{GracePeriodSeconds: ptr.To[int64](0)}
			}
			return &v1.RestartOptions{}
		},
	},
	instances: {
		"pause":      func(verbOptions) any { return &v1.PauseOptions{} },
		"unpause":    func(verbOptions) any { return &v1.UnpauseOptions{} },
		"softreboot": func(verbOptions) any { return nil },
		"reset":      func(verbOptions) any { return nil },
	},
}

// act performs a verb.
func (s *server) act(w http.ResponseWriter, r *http.Request) {
	p, ok := s.placeOf(w, r)
	if !ok {
		return
	}
	resource, verb := r.PathValue("resource"), r.PathValue("verb")
	bodyOf := verbs[resource][verb]
	if bodyOf == nil {
		writeError(w, http.StatusNotFound, fmt.Errorf("there is no verb %q of %q here", verb, resource))
		return
	}
	var options verbOptions
	if err := json.NewDecoder(io.LimitReader(r.Body, maxOptions)).Decode(&options); err != nil {
		writeError(w, http.StatusBadRequest, fmt.Errorf("decode options: %w", err))
		return
	}
	request := s.requests.Put().AbsPath(p.of(resource, verb)...)
	if body := bodyOf(options); body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			writeError(w, http.StatusInternalServerError, fmt.Errorf("encode options: %w", err))
			return
		}
		request.SetHeader("Content-Type", runtime.ContentTypeJSON).Body(encoded)
	}
	if err := request.Do(r.Context()).Error(); err != nil {
		refuse(w, err)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}
