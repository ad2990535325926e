#!/usr/bin/env bash
# SPDX-FileCopyrightText: The virtplane authors
# SPDX-License-Identifier: Apache-2.0
#
# Re-creates virtctl/web/npm, the parts of npm packages that virtctl's pages are served with, or compares it with what
# npm has (--check). Needs npm and openssl. To move to another version, change its line below and run this.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
target=$root/virtctl/web/npm
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# package, version, integrity (of the archive, as `npm view PACKAGE@VERSION dist.integrity` tells it)
packages="
novnc @novnc/novnc 1.7.0 sha512-ucEJOx4T2avIRCleodk7YobZj5O2Ga2AeLfQ69A/yjG9HHba2+PDgwSkN3FttrmG+70ZGx21sElNFouK13RzyA==
xterm @xterm/xterm 6.0.0 sha512-TQwDdQGtwwDt+2cgKDLn0IRaSxYu1tSUjgKarSDkUM0ZNiSRXFpjxEsvc/Zgc5kq5omJ+V0a8/kIM2WD3sMOYg==
addon-fit @xterm/addon-fit 0.11.0 sha512-jYcgT6xtVYhnhgxh3QgYDnnNMYTcf8ElbxxFzX0IZo+vabQqSPAjC3c1wJrKB5E19VwQei89QCiZZP86DCPF7g==
"

while read -r name package version integrity; do
  [ -n "$name" ] || continue
  mkdir -p "$work/archive/$name" "$work/$name"
  (cd "$work/archive/$name" && npm pack --silent "$package@$version" >/dev/null 2>"$work/npm.log") ||
    { cat "$work/npm.log" >&2; echo "download $package@$version: npm pack did not do it" >&2; exit 1; }
  archive=("$work/archive/$name"/*.tgz)
  got=sha512-$(openssl dgst -sha512 -binary "${archive[0]}" | base64 -w 0)
  if [ "$got" != "$integrity" ]; then
    echo "check $package@$version: its integrity is $got, and $integrity is pinned here" >&2
    exit 1
  fi
  tar -xzf "${archive[0]}" -C "$work/$name" --strip-components=1
done <<<"$packages"

made=$work/npm
mkdir -p "$made"/novnc "$made"/xterm "$made"/addon-fit
cp -r "$work/novnc/core" "$work/novnc/AUTHORS" "$work/novnc/LICENSE.txt" "$work/novnc/docs/LICENSE.MPL-2.0" "$made/novnc/"
# Not in novnc/vendor: the go command leaves folders of that name out of a module. The server maps the path.
cp -r "$work/novnc/vendor/pako" "$made/novnc/pako"
cp "$work/xterm/lib/xterm.mjs" "$work/xterm/css/xterm.css" "$work/xterm/LICENSE" "$made/xterm/"
cp "$work/addon-fit/lib/addon-fit.mjs" "$work/addon-fit/LICENSE" "$made/addon-fit/"

{
  cat <<'NOTICE'
# Parts of other projects that virtctl's pages are served with

Unchanged files of npm packages, made by `hack/webassets.sh`, which pins them; do not edit them here.

| folder | package | version | licence |
|---|---|---|---|
NOTICE
  while read -r name package version _; do
    case $name in
    "") continue ;;
    novnc) licence="MPL-2.0 ([LICENSE.txt](novnc/LICENSE.txt), [AUTHORS](novnc/AUTHORS)); pako within it: MIT and Zlib ([LICENSE](novnc/pako/LICENSE))" ;;
    *) licence="MIT ([LICENSE]($name/LICENSE))" ;;
    esac
    echo "| $name | [$package](https://www.npmjs.com/package/$package/v/$version) | $version | $licence |"
  done <<<"$packages"
  cat <<'NOTICE'

The source of noVNC is what lies here; that of xterm.js is at https://github.com/xtermjs/xterm.js under the tag of the version.
`novnc/pako` is `vendor/pako` in the package.
NOTICE
} >"$made/README.md"
find "$made" -type f -exec chmod 644 {} +

if [ "${1:-}" = --check ]; then
  diff -r "$made" "$target" >&2 || { echo "virtctl/web/npm differs from the packages; run hack/webassets.sh" >&2; exit 1; }
  exit 0
fi
rm -rf "$target"
mkdir -p "$(dirname "$target")"
cp -r "$made" "$target"
