// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package version

import (
	"strings"

	"k8s.io/apimachinery/pkg/version"
)

const (
	// API is the release of the published API whose objects and subresources virtplane serves. Clients of
	// that API compare its major and minor number with their own.
	API = "v1.9.0"
	// separator stands before the version of virtplane, as build metadata of a semantic version.
	separator = "+virtplane-"
)

// Served returns what the version endpoint of the API answers: the release of the API, as far as clients
// compare it, and this build of virtplane behind it, such as v1.9.0+virtplane-v0.1.0.
func Served() version.Info {
	info := Get()
	info.Major, info.Minor = majorMinor(API)
	// A version has build metadata only once.
	info.GitVersion = API + separator + strings.ReplaceAll(info.GitVersion, "+", ".")
	return info
}

// OfServer returns the version of virtplane in what a version endpoint answered, and false when the
// server is not virtplane.
func OfServer(served string) (string, bool) {
	_, own, found := strings.Cut(served, separator)
	return own, found
}
