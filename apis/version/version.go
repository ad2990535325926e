// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package version tells which build of virtplane a binary is; the linker fills it in.
package version

import (
	"fmt"
	"runtime"
	"strings"

	"k8s.io/apimachinery/pkg/version"
)

// Set with -ldflags "-X github.com/virtplane/virtplane/apis/version.gitVersion=v0.1.0 ...".
var (
	// gitVersion is a semantic version with a leading v.
	gitVersion = "v0.0.0-dev"
	// gitCommit is the full hash of the commit built from.
	gitCommit = ""
	// gitTreeState is clean or dirty.
	gitTreeState = ""
	// buildDate is an RFC 3339 time in UTC.
	buildDate = "1970-01-01T00:00:00Z"
)

// Get returns the version of this binary in the form in which Kubernetes components serve theirs.
func Get() version.Info {
	major, minor := majorMinor(gitVersion)
	return version.Info{
		Major:        major,
		Minor:        minor,
		GitVersion:   gitVersion,
		GitCommit:    gitCommit,
		GitTreeState: gitTreeState,
		BuildDate:    buildDate,
		GoVersion:    runtime.Version(),
		Compiler:     runtime.Compiler,
		Platform:     fmt.Sprintf("%s/%s", runtime.GOOS, runtime.GOARCH),
	}
}

// majorMinor returns the first two numbers of a version, empty where it has none.
func majorMinor(v string) (major, minor string) {
	major, rest, found := strings.Cut(strings.TrimPrefix(v, "v"), ".")
	if !found {
		return "", ""
	}
	minor, _, _ = strings.Cut(rest, ".")
	return major, minor
}
