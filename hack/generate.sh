#!/usr/bin/env bash
# SPDX-FileCopyrightText: The virtplane authors
# SPDX-License-Identifier: Apache-2.0
#
# Regenerates everything that is derived from the types under apis/: deep copies, defaults,
# protobuf, OpenAPI, the clients, and the list of supported fields. Needs protoc (Debian package protobuf-compiler).
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
module=github.com/virtplane/virtplane
api=$module/apis/kubevirt/v1
header=$root/hack/boilerplate.go.txt
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

command -v protoc >/dev/null || { echo "protoc is missing: apt-get install protobuf-compiler" >&2; exit 1; }

export GOBIN=${XDG_CACHE_HOME:-$HOME/.cache}/virtplane/generators
(cd "$root/hack/modules/generate" && go install \
  golang.org/x/tools/cmd/goimports \
  k8s.io/code-generator/cmd/applyconfiguration-gen \
  k8s.io/code-generator/cmd/client-gen k8s.io/code-generator/cmd/deepcopy-gen \
  k8s.io/code-generator/cmd/defaulter-gen k8s.io/code-generator/cmd/go-to-protobuf \
  k8s.io/code-generator/cmd/go-to-protobuf/protoc-gen-gogo k8s.io/code-generator/cmd/informer-gen \
  k8s.io/code-generator/cmd/lister-gen k8s.io/kube-openapi/cmd/openapi-gen)
export PATH=$GOBIN:$PATH
cd "$root"

# protoc resolves imports by path, so the modules are laid out by their import names, outside of
# the tree: inside it protoc would name the file by its path on disk.
for m in k8s.io/api k8s.io/apimachinery; do
  mkdir -p "$work/proto/$(dirname $m)"
  ln -s "$(go list -m -f '{{.Dir}}' $m)" "$work/proto/$m"
done
gogo=$(cd hack/modules/generate && go list -m -f '{{.Dir}}' github.com/gogo/protobuf)
mkdir -p "$work/proto/github.com/gogo" "$work/out/$(dirname $module)"
ln -s "$gogo" "$work/proto/github.com/gogo/protobuf"
ln -s "$root" "$work/out/$module"
go-to-protobuf --go-header-file "$header" --packages "$api" \
  --apimachinery-packages "-k8s.io/apimachinery/pkg/util/intstr,-k8s.io/apimachinery/pkg/api/resource,-k8s.io/apimachinery/pkg/runtime/schema,-k8s.io/apimachinery/pkg/runtime,-k8s.io/apimachinery/pkg/apis/meta/v1,-k8s.io/api/core/v1" \
  --output-dir "$work/out" --proto-import "$work/proto" --proto-import "$work/proto/github.com/gogo/protobuf/protobuf"

deepcopy-gen --go-header-file "$header" --output-file zz_generated.deepcopy.go "$api"
defaulter-gen --go-header-file "$header" --output-file zz_generated.defaults.go "$api"

openapi-gen --go-header-file "$header" --output-file zz_generated.openapi.go \
  --output-dir "$root/client/openapi" --output-pkg $module/client/openapi \
  --report-filename "$work/openapi.report" \
  --output-model-name-file zz_generated.model_name.go \
  --readonly-pkg k8s.io/apimachinery/pkg/apis/meta/v1 --readonly-pkg k8s.io/apimachinery/pkg/runtime \
  --readonly-pkg k8s.io/apimachinery/pkg/version --readonly-pkg k8s.io/apimachinery/pkg/api/resource \
  --readonly-pkg k8s.io/apimachinery/pkg/util/intstr --readonly-pkg k8s.io/api/core/v1 \
  k8s.io/apimachinery/pkg/apis/meta/v1 k8s.io/apimachinery/pkg/runtime k8s.io/apimachinery/pkg/version \
  k8s.io/apimachinery/pkg/api/resource k8s.io/apimachinery/pkg/util/intstr k8s.io/api/core/v1 "$api"

rm -rf client/applyconfiguration client/clientset client/listers client/informers
# The generator cannot do without these where their fields are inlined.
core=k8s.io/client-go/applyconfigurations/core/v1
applyconfiguration-gen --go-header-file "$header" \
  --external-applyconfigurations k8s.io/api/core/v1.LocalObjectReference:$core,k8s.io/api/core/v1.PersistentVolumeClaimVolumeSource:$core \
  --output-dir client/applyconfiguration --output-pkg $module/client/applyconfiguration "$api"
client-gen --go-header-file "$header" --clientset-name versioned --input-base "" --input "$api" \
  --output-dir client/clientset --output-pkg $module/client/clientset --prefers-protobuf \
  --apply-configuration-package $module/client/applyconfiguration
lister-gen --go-header-file "$header" --output-dir client/listers --output-pkg $module/client/listers "$api"
informer-gen --go-header-file "$header" --output-dir client/informers --output-pkg $module/client/informers \
  --versioned-clientset-package $module/client/clientset/versioned --listers-package $module/client/listers "$api"
gofmt -w apis client

go run ./hack/apisupport >"$work/api-support.md"
cp "$work/api-support.md" docs/api-support.md
