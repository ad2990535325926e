#!/usr/bin/env bash
# SPDX-FileCopyrightText: The virtplane authors
# SPDX-License-Identifier: Apache-2.0
#
# Runs all tests: lint, generated code, unit and API tests of every module, then the tests of a running cluster.
# SKIP_E2E=1 leaves the last part out. Needs the same machine as `make up`, and installs what it lacks.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
export GOWORK=off

step() { printf '\n=== %s (after %d s)\n' "$1" "$SECONDS"; }

step "prepare"
make --no-print-directory bin/cluster
# FreeRDP is of version 2 in Debian 12 and of version 3 in Debian 13.
freerdp=freerdp3-x11
if grep -qx 'VERSION_ID="12"' /etc/os-release; then freerdp=freerdp2-x11; fi
bin/cluster packages protobuf-compiler openssh-client chromium xvfb "$freerdp"

step "lint"
hack/lint.sh

step "generated code"
# Compared with the files as they are, committed or not.
fingerprint() { git ls-files -co --exclude-standard -z -- apis client docs/api-support.md | xargs -0 -r sha256sum 2>/dev/null | sort; }
before=$(fingerprint)
hack/generate.sh
after=$(fingerprint)
if [ "$before" != "$after" ]; then
  echo "generated code was not up to date; run 'make generate' and commit:" >&2
  diff <(echo "$before") <(echo "$after") | sed -n 's/^> [0-9a-f]*  /  /p' >&2 || true
  exit 1
fi

if command -v npm >/dev/null; then
  step "assets from npm"
  hack/webassets.sh --check
fi

# The API tests run against a real kube-apiserver, and the tests of domains with the libvirt of the launcher's image.
step "Kubernetes and images"
bin/cluster tools
bin/cluster build
bin/cluster images
bin/cluster images guest-debian

step "unit and API tests"
git ls-files -co --exclude-standard -- go.mod '*/go.mod' | grep -v '^hack/modules/' | while read -r file; do
  (cd "$(dirname "$file")" && go test -tags libvirt_dlopen -timeout 15m ./...)
done

[ "${SKIP_E2E:-0}" = 1 ] && exit 0

step "cluster"
make --no-print-directory up NODES=2
bin/cluster load guest-debian

step "tests of the cluster"
export KUBECONFIG=$root/.cluster/kubeconfig PATH=$root/bin:$PATH
go test -tags e2e -count 1 -timeout 25m ./test/e2e/...
(cd test/browser && VIRTPLANE_BROWSER_CLUSTER=$KUBECONFIG go test -count 1 -run TestARealGuest .)
