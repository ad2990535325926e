// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"

	"github.com/virtplane/virtplane/client/clientset/versioned"
)

func TestOnlyTheAnswerOfAServerThatKnowsTheResourceCounts(t *testing.T) {
	missing := apierrors.NewNotFound(schema.GroupResource{Group: "kubevirt.io", Resource: "virtualmachineinstances"}, "demo")
	body := missing.Status()
	body.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
	for name, c := range map[string]struct {
		answer func(w http.ResponseWriter)
		want   bool
	}{
		"the object is not there": {func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusNotFound)
			json.NewEncoder(w).Encode(body)
		}, true},
		"the API is not registered": {func(w http.ResponseWriter) {
			http.Error(w, "404 page not found", http.StatusNotFound)
		}, false},
		"the API is away": {func(w http.ResponseWriter) {
			http.Error(w, "service unavailable", http.StatusServiceUnavailable)
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { c.answer(w) }))
			defer server.Close()
			client, err := versioned.NewForConfig(&rest.Config{Host: server.URL})
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.KubevirtV1().VirtualMachineInstances("ns").Get(t.Context(), "demo", metav1.GetOptions{})
			if got := IsGone(fmt.Errorf("get instance: %w", err)); got != c.want {
				t.Errorf("%v: got %t, want %t", err, got, c.want)
			}
		})
	}
	if IsGone(nil) || IsGone(errors.New("x")) {
		t.Error("no answer counts as one")
	}
}
