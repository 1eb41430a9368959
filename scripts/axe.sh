#!/usr/bin/env bash
# Fetches axe-core, which looks for what keeps people with a screen reader or a keyboard out of the pages, into build/axe: for
# the tests in a browser. It is licensed under MPL 2.0 and is never committed nor part of the binary.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
version=4.10.3
sum=0f2b4d7dcdf7d1219df8d1959ad68e565f51d14c3f0d88bb71cd59abeb956292
folder=$root/build/axe
if [[ -f $folder/$version/axe.min.js ]]; then exit 0; fi

stage=$(mktemp -d "${TMPDIR:-/tmp}/preflight-axe.XXXXXX")
trap 'rm -rf "$stage"' EXIT
cd "$stage"
npm pack --silent --ignore-scripts "axe-core@$version" >/dev/null
printf '%s  axe-core-%s.tgz\n' "$sum" "$version" | sha256sum --check --quiet -
tar xzf "axe-core-$version.tgz" package/axe.min.js
mkdir -p "$folder/$version"
mv package/axe.min.js "$folder/$version/axe.min.js"
