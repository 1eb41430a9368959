#!/usr/bin/env bash
# Proves the newcomer's path: lays out a minimal Debian in a temporary folder, with nothing on it but git, gcc, make and
# the Go of this machine, clones the project into it, and does there what the README says.
#
#   scripts/fresh.sh [--suite bookworm] [--from REPOSITORY] [--user] [--keep] [STEP...]
#
#   STEP      build, run, test, test-short, lint ... (default: build run test); `run` is `make run`, asked for /readyz
#             and stopped again, the rest are targets of the Makefile
#   --user    as an ordinary user with sudo, not as root
#   --from    what to clone (default: this repository; what is not committed is not there)
#   --keep    leave the folder for a look around
#
# It has to be root: it mounts and changes root. All of it happens in mount and process namespaces of its own, which end
# with it. The mirror and proxy of apt, Go's proxy settings and this machine's certificates are read when it runs and
# handed in, since a machine may reach the world only through them.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
suite=bookworm from=$root who=root keep='' steps=()

# shellcheck source=scripts/debian.sh
source "$root/scripts/debian.sh"

say() { printf 'fresh: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

while (($# > 0)); do
  case $1 in
    --suite) suite=$2; shift ;;
    --from) from=$(cd "$2" && pwd); shift ;;
    --user) who=newcomer ;;
    --keep) keep=yes ;;
    -*) sed -n '2,17s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
    *) steps+=("$1") ;;
  esac
  shift
done
((${#steps[@]} > 0)) || steps=(build run test)
[[ $(id -u) == 0 ]] || die "this has to be root: sudo -E scripts/fresh.sh"
"$root/scripts/setup.sh" fresh

# Into namespaces of our own, once: mounts are not seen outside, and whatever is still running ends with this script.
if [[ ${FRESH_INSIDE:-} != yes ]]; then
  options=(--suite "$suite" --from "$from")
  [[ -z $keep ]] || options+=(--keep)
  [[ $who == root ]] || options+=(--user)
  FRESH_INSIDE=yes exec unshare --mount --pid --fork --kill-child "$0" "${options[@]}" "${steps[@]}"
fi

base=$(mktemp -d "${TMPDIR:-/var/tmp}/preflight-fresh.XXXXXX")
debian=$base/debian
finish() {
  if [[ -n $keep ]]; then say "kept: $debian"; return; fi
  # The namespace's mounts first: removing the folder must never reach into what is mounted there, this machine's Go
  # above all. Lazily, since a process of the last step may still be ending.
  local mounted
  for mounted in proc sys dev usr/local/go; do
    if mountpoint -q "$debian/$mounted"; then umount --recursive --lazy "$debian/$mounted"; fi
  done
  if grep -qF " $debian/" /proc/mounts; then say "still mounted, so it stays: $base"; return; fi
  rm -rf --one-file-system "$base"
}
trap finish EXIT

say "laying out Debian $suite"
began=$SECONDS
packages=git,gcc,libc6-dev,make
[[ $who == root ]] || packages+=,sudo
lay_out_debian "$suite" "$debian" "$packages"

mount --make-rprivate /
mount -t proc proc "$debian/proc"
mount --rbind /sys "$debian/sys"
mount --rbind /dev "$debian/dev"
mkdir -p "$debian/usr/local/go"
mount --bind -o ro "$(go env GOROOT)" "$debian/usr/local/go"

home=/root
if [[ $who != root ]]; then
  home=/home/$who
  chroot "$debian" useradd --create-home --shell /bin/bash "$who"
  printf '%s ALL=(ALL) NOPASSWD: ALL\nDefaults env_keep += "http_proxy https_proxy no_proxy"\n' "$who" >"$debian/etc/sudoers.d/$who"
fi
say "cloning $(git -C "$from" rev-parse --short HEAD)"
[[ -z $(git -C "$from" status --porcelain) ]] || say "(what is not committed stays behind)"
git clone --quiet --no-hardlinks "$from" "$debian$home/preflight"
chroot "$debian" chown -R "$who:$who" "$home"
say "that took $((SECONDS - began)) s"

# What the newcomer's shell has: nothing of this one but how to reach the world.
environment=(HOME="$home" USER="$who" LANG=C.UTF-8 PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
for name in GOPROXY GOSUMDB GONOSUMDB GONOPROXY GOPRIVATE GOINSECURE GOFLAGS GOTOOLCHAIN; do
  value=$(go env "$name")
  [[ -z $value ]] || environment+=("$name=$value")
done
for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY SSL_CERT_FILE SSL_CERT_DIR; do
  [[ -z ${!name:-} ]] || environment+=("$name=${!name}")
done
inside() { chroot --userspec="$who:$who" "$debian" env -i "${environment[@]}" bash -c "cd ~/preflight && $1"; }

# The service as `make run` starts it: wait for the address that it prints, ask /readyz, stop it, see it end well.
# shellcheck disable=SC2016 # expanded inside
run_and_ask='
  make run </dev/null >/tmp/run.log 2>&1 & pid=$!
  for ((i = 0; i < 1200; i++)); do
    address=$(grep -oE "http://(127\.0\.0\.1|localhost|\[::1\]):[0-9]+" /tmp/run.log | head -n 1 || true)
    [[ -n $address ]] && break
    kill -0 $pid 2>/dev/null || break
    sleep 0.5
  done
  cat /tmp/run.log
  [[ -n $address ]] || { echo "make run printed no address" >&2; exit 1; }
  hostport=${address#http://}; answer=
  for ((i = 0; i < 40; i++)); do
    if exec 3<>"/dev/tcp/${hostport%:*}/${hostport##*:}"; then
      printf "GET /readyz HTTP/1.0\r\nHost: %s\r\n\r\n" "$hostport" >&3
      read -r answer <&3 || true
      exec 3>&-
      [[ $answer == *" 200 "* ]] && break
    fi 2>/dev/null
    sleep 0.5
  done
  echo "readyz: $answer"
  service=$(ps -o pid= --ppid $pid 2>/dev/null | head -n 1 || cat /proc/$pid/task/$pid/children | cut -d" " -f1)
  kill -TERM ${service:-$pid}; wait $pid || true
  [[ $answer == *" 200 "* ]]'

for step in "${steps[@]}"; do
  began=$SECONDS
  say "make $step, as $who"
  if [[ $step == run ]]; then command=$run_and_ask; else command="make $step"; fi
  inside "$command" || die "make $step failed after $((SECONDS - began)) s"
  say "make $step: good, $((SECONDS - began)) s"
done
