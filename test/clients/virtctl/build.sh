#!/usr/bin/env bash
# SPDX-FileCopyrightText: The virtplane authors
# SPDX-License-Identifier: Apache-2.0
#
# Builds virtctl as KubeVirt publishes it, once for each version and recipe, and prints the path of the program.
# A cold build takes about 100 s on two idle cores; it fills Go's build cache with 400 packages.
#
# The sources are those of the published Go module. Three of its dependencies are modules that proxies do not have:
# what they are needed for is the command `template`, which is left out, and two names elsewhere.
set -euo pipefail

version=v1.9.0
recipe=$(cd "$(dirname "$0")/testdata" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/virtplane/clients
digest=$(cd "$recipe" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-12)
program=$cache/virtctl-$version-$digest
if [ -x "$program" ]; then
  echo "$program"
  exit 0
fi

export GOWORK=off GOFLAGS=-buildvcs=false
began=$SECONDS
mkdir -p "$cache"
work=$(mktemp -d "$cache/build-XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
module=$(go mod download -json kubevirt.io/kubevirt@$version | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
[ -d "$module" ] || { echo "go mod download kubevirt.io/kubevirt@$version names no directory" >&2; exit 1; }
echo "building the published virtctl $version once; this takes minutes" >&2
mkdir cmd
cp -r --no-preserve=mode "$module/cmd/virtctl" cmd/
cp -r --no-preserve=mode "$module/pkg" .
rm -rf pkg/virtctl/template
cp -r --no-preserve=mode "$recipe/." .
# Under another name in the repository, where a go.mod would make modules of these folders.
for stand_in in virt-template-*; do mv "$stand_in/module" "$stand_in/go.mod"; done
cp virtctl.mod go.mod
cp virtctl.sum go.sum
# The flag is what makes a build a release: clients compare their version with the server's.
go build -mod=readonly -ldflags "-s -w -X kubevirt.io/client-go/version.gitVersion=$version" -o "$work/built" ./cmd/virtctl
mv "$work/built" "$program"
echo "built $program in $((SECONDS - began)) s" >&2
echo "$program"
