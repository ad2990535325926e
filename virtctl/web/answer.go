// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"encoding/json"
	"errors"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// failure is what a page is told of an error.
type failure struct {
	// Code is an HTTP status code: the cluster's, or 502 when there was no answer of it.
	Code   int    `json:"code"`
	Reason string `json:"reason,omitempty"`
	// Message is in the server's words.
	Message string `json:"message"`
}

func failureOf(err error) failure {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return failure{Code: http.StatusBadGateway, Message: "the cluster's API server cannot be reached: " + err.Error()}
	}
	s := status.Status()
	f := failure{Code: int(s.Code), Reason: string(s.Reason), Message: s.Message}
	if f.Code < http.StatusBadRequest || f.Code > 599 {
		f.Code = http.StatusBadGateway
	}
	return f
}

// refuse answers with what the cluster said.
func refuse(w http.ResponseWriter, err error) { writeFailure(w, failureOf(err)) }

// writeError answers with an error of virtctl itself.
func writeError(w http.ResponseWriter, code int, err error) {
	writeFailure(w, failure{Code: code, Message: err.Error()})
}

func writeFailure(w http.ResponseWriter, f failure) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(f.Code)
	// Who is gone needs no answer.
	_ = json.NewEncoder(w).Encode(f)
}

func writeJSON(w http.ResponseWriter, answer any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}
