#!/usr/bin/env bash
# Writes what the packages say of themselves to build/docs, one text file a package, with an index.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out=build/docs
rm -rf "$out"
mkdir -p "$out"
module=$(go list -m)
{
  echo '# The packages of Preflight'
  echo
} >"$out/index.md"
go list -f '{{.ImportPath}}	{{.Doc}}' ./... | while IFS=$'\t' read -r package doc; do
  name=${package#"$module"/}
  file=${name//\//.}.txt
  go doc -all "$package" >"$out/$file"
  printf -- '- [%s](%s) %s\n' "$name" "$file" "$doc" >>"$out/index.md"
done
echo "docs: $out/index.md"
