#!/usr/bin/env bash
# Fetches the photographs that the labelled set "grounds" lays its documents on (make accuracy ARGS='-half grounds'), out of Debian's
# packages of desktop backgrounds, into build/grounds: about 200 MB are downloaded once. They are never committed and never handed on;
# testdata/grounds says which, under which licences. What is there already with the right checksum is left alone.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
sums=$root/testdata/grounds/SHA256SUMS
folder=$root/build/grounds
mkdir -p "$folder"
if (cd "$folder" && sha256sum --check --status "$sums" 2>/dev/null); then exit 0; fi

stage=$(mktemp -d "${TMPDIR:-/tmp}/preflight-grounds.XXXXXX")
trap 'rm -rf "$stage"' EXIT
chmod 0755 "$stage"
cd "$stage"
for package in mate-backgrounds lomiri-wallpapers-16.04 plasma-workspace-wallpapers ukui-wallpapers; do
  apt-get download -qq "$package" 2>/dev/null
  mkdir "${package%%-*}"
  dpkg-deb -x "$package"_*.deb "${package%%-*}"
  rm "$package"_*.deb
done
while read -r _ file; do
  from=${file%%/*} name=${file#*/}
  mkdir -p "$folder/$from"
  case $from in
    plasma) found=plasma/usr/share/wallpapers/${name%.jpg}/contents/images/2560x1600.jpg ;;
    *) found=$(find "$from" -type f -name "$name" -print -quit) ;;
  esac
  install -m 0644 "$found" "$folder/$file"
done <"$sums"
cd "$folder" && sha256sum --check --quiet "$sums"
