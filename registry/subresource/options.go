// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package subresource holds what the verbs and streams of virtual machines share: routes behind one
// name, optional bodies, dry runs, who writes, and answers like those of the published API.
package subresource

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/yaml"
)

// maxBody caps the options of a verb in bytes; the published ones need a few hundred.
const maxBody = 64 << 10

// Options reads the body of a verb, JSON or YAML, into options. A body may be absent. dryRun points to
// the field of that name in options; the query parameter of that name counts as well.
func Options(req *http.Request, options any, dryRun *[]string) error {
	_, err := Read(req, options, dryRun)
	return err
}

// Read is Options for verbs that need a body: it tells whether there was one.
func Read(req *http.Request, options any, dryRun *[]string) (bool, error) {
	given, err := ReadOptions(req, options)
	if err != nil {
		return given, err
	}
	if err := checkDryRun(*dryRun); err != nil {
		return given, err
	}
	if values := queriedDryRun(req); len(values) > 0 {
		*dryRun = values
	}
	return given, nil
}

// DryRun returns what the query says of a dry run, for verbs whose body says nothing of it.
func DryRun(req *http.Request) []string { return queriedDryRun(req) }

// ReadOptions reads the body of a verb whose options know no dry run, and tells whether there was one.
func ReadOptions(req *http.Request, options any) (bool, error) {
	body, err := Body(req, maxBody)
	if err != nil || strings.TrimSpace(string(body)) == "" {
		return false, err
	}
	if err := yaml.UnmarshalStrict(body, options); err != nil {
		return false, apierrors.NewBadRequest(fmt.Sprintf("Can not unmarshal Request body to struct, error: %s", err))
	}
	return true, nil
}

// Body reads the body of a request, of at most limit bytes.
func Body(req *http.Request, limit int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(req.Body, limit+1))
	switch {
	case err != nil:
		return nil, apierrors.NewBadRequest(fmt.Sprintf("read body: %v", err))
	case int64(len(body)) > limit:
		return nil, apierrors.NewRequestEntityTooLargeError(fmt.Sprintf("the body may have at most %d bytes", limit))
	}
	return body, nil
}
