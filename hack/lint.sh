#!/usr/bin/env bash
# SPDX-FileCopyrightText: The virtplane authors
# SPDX-License-Identifier: Apache-2.0
#
# Checks every Go module of the repository with gofmt, go vet and staticcheck.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
export GOWORK=off

# The tests of the running cluster and the launcher's binding of libvirt are behind build tags.
tags=e2e,libvirt_dlopen

unformatted=$(git ls-files -co --exclude-standard -- '*.go' | while read -r file; do
  # A file may be deleted in the working tree only.
  [ ! -e "$file" ] || gofmt -l "$file"
done)
if [ -n "$unformatted" ]; then
  printf 'gofmt: these files need `gofmt -w`:\n%s\n' "$unformatted" >&2
  exit 1
fi

cache=${XDG_CACHE_HOME:-$HOME/.cache}/virtplane/lint
(cd hack/modules/lint && go build -o "$cache/staticcheck" honnef.co/go/tools/cmd/staticcheck)

# hack/modules only pin versions.
git ls-files -co --exclude-standard -- go.mod '*/go.mod' | grep -v '^hack/modules/' | while read -r file; do
  module=$(dirname "$file")
  echo "lint $module"
  (
    cd "$module"
    go vet -tags "$tags" ./...
    # client/ is generated, out of types some of which Kubernetes has deprecated.
    go list -tags "$tags" ./... | grep -v '/virtplane/client/' | xargs "$cache/staticcheck" -tags "$tags"
  )
done
