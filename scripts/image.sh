#!/usr/bin/env bash
# Checks the Dockerfile on a machine that has no container engine, as far as that goes:
#
#   scripts/image.sh [--keep] [SOURCE]     SOURCE is the folder to build, by default this one
#
# buildah carries out the Dockerfile, with a Debian that debootstrap lays out for BASE and the same with this machine's Go
# for GO. What comes out is started as compose.yaml would: a root that cannot be written to, memory on /tmp and /data, no
# capability, no new privileges, the numeric user, a network of its own. It has to become healthy, be able to write
# nowhere else, and stop when it is told to. It has to be root, and leaves nothing behind.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/debian.sh
source "$root/scripts/debian.sh"
keep='' source=$root
say() { printf 'image: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

while (($# > 0)); do
  case $1 in
    --keep) keep=yes ;;
    -*) sed -n '2,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
    *) source=$(cd "$1" && pwd) ;;
  esac
  shift
done
[[ $(id -u) == 0 ]] || die 'this has to be root: sudo -E scripts/image.sh'
"$root/scripts/setup.sh" image

base=$(mktemp -d "${TMPDIR:-/var/tmp}/preflight-image.XXXXXX")
finish() { if [[ -n $keep ]]; then say "kept: $base"; else rm -rf --one-file-system "$base"; fi; }
trap finish EXIT

build() { buildah --root "$base/storage" --runroot "$base/run" --storage-driver vfs "$@"; }

say 'laying out the base images'
lay_out_debian bookworm "$base/debian" ''
container=$(build from scratch)
build add -q "$container" "$base/debian" / >/dev/null
build config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
build commit -q "$container" localhost/base >/dev/null
build copy -q "$container" "$(go env GOROOT)" /usr/local/go >/dev/null
build config --env PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --env GOPATH=/go \
  --env GOPROXY="$(go env GOPROXY)" --env GOSUMDB="$(go env GOSUMDB)" "$container"
build commit -q "$container" localhost/go >/dev/null
build rm "$container" >/dev/null
size() { build images --format '{{.Size}}' "localhost/$1"; }

for target in preflight s3; do
  began=$SECONDS
  build bud -q --format docker --isolation chroot --build-arg BASE=localhost/base --build-arg GO=localhost/go \
    --build-arg VERSION=check --target "$target" --tag "localhost/$target" "$source" >"$base/build.log" 2>&1 ||
    { tail -n 40 "$base/build.log" >&2; die "the Dockerfile's target $target does not build"; }
  say "target $target: built in $((SECONDS - began)) s, $(size "$target") of which the base is $(size base)"
done

# What runs inside, as root of new namespaces, before it gives every right away. $1 is the image's root.
# shellcheck disable=SC2016 # expanded inside
hardened='
  set -euo pipefail
  image=$1
  mount --make-rprivate /
  mount --bind "$image" "$image"
  mount -t proc proc "$image/proc"
  mount --rbind /dev "$image/dev"
  mount -t tmpfs -o size=512m,mode=1777 tmpfs "$image/tmp"
  mount -t tmpfs -o size=16m,uid=65532,gid=65532,mode=0700 tmpfs "$image/data"
  mount -o remount,bind,ro "$image"
  ip link set lo up
  # An array and no function: in the background its process id is that of the program.
  inside=(chroot "$image" env -i PATH=/usr/local/bin:/usr/bin:/bin PREFLIGHT_DATA=/data PREFLIGHT_LISTEN=0.0.0.0:8080
    PREFLIGHT_TOKENS=/data/tokens TMPDIR=/tmp ROOT_ACCESS_KEY=specimen ROOT_SECRET_KEY=specimen-secret
    setpriv --reuid=65532 --regid=65532 --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all)
  # healthy NAME PID SECONDS COMMAND...
  healthy() {
    local name=$1 pid=$2 tries=$(($3 * 5)); shift 3
    until "${inside[@]}" "$@" >/dev/null 2>&1; do
      kill -0 "$pid" 2>/dev/null || { echo "$name ended" >&2; return 1; }
      ((tries-- > 0)) || { echo "$name does not become healthy" >&2; return 1; }
      sleep 0.2
    done
    echo "$name is healthy"
  }
  # rights PID: none are left.
  rights() {
    grep -qE "^Uid:\s+65532\s+65532" "/proc/$1/status" && grep -qE "^CapEff:\s+0+$" "/proc/$1/status" &&
      grep -qE "^CapBnd:\s+0+$" "/proc/$1/status" && grep -qE "^NoNewPrivs:\s+1$" "/proc/$1/status" ||
      { grep -E "Uid|Cap|NoNew" "/proc/$1/status" >&2; echo "it has rights left" >&2; return 1; }
    echo "it has no rights"
  }
  ended() {
    local status=0
    kill -TERM "$1"; wait "$1" || status=$?
    echo "it stopped with status $status"
    [[ $status == 0 || $2 == any ]]
  }
  if "${inside[@]}" sh -c "touch /usr/x || touch /var/x || touch /x" 2>/dev/null; then echo "its root can be written to" >&2; exit 1; fi
  echo "its root cannot be written to"
  if [[ $2 == preflight ]]; then
    if [[ -n "$("${inside[@]}" ldd /usr/local/bin/preflight | grep "not found")" ]]; then echo "libraries are missing" >&2; exit 1; fi
    "${inside[@]}" sh -c "preflight token operator check >/data/tokens" 2>/dev/null
    "${inside[@]}" preflight serve & pid=$!
    healthy "the service" "$pid" 20 preflight healthcheck
    rights "$pid"
    ended "$pid" 0
  else
    mkdir -p "$image/data/preflight"; chown 65532:65532 "$image/data/preflight"
    "${inside[@]}" versitygw --port :7070 --keep-alive --quiet posix /data & pid=$!
    healthy "the S3 server" "$pid" 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/7070"
    rights "$pid"
    ended "$pid" any
  fi'
for target in preflight s3; do
  say "running target $target with no rights"
  container=$(build from "localhost/$target")
  mounted=$(build mount "$container")
  unshare --mount --pid --net --fork --kill-child --mount-proc bash -c "$hardened" - "$mounted" "$target" ||
    die "target $target does not run as it should"
  build umount "$container" >/dev/null
  build rm "$container" >/dev/null
done
say 'good'
