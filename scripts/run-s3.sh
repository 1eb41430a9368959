#!/usr/bin/env bash
# Starts the service on a PostgreSQL and an S3 server of its own, as it would run in production but on one machine:
#
#   scripts/run-s3.sh [ARGUMENT...]    arguments go to preflight serve; `make run-s3` installs and builds first
#
# Everything lives in ./data/s3-demo (PREFLIGHT_DEMO_DATA names another folder) and listens on loopback only, on ports
# that are free. Passwords are drawn at the first start and kept beside the data, readable by nobody else. Ctrl-C stops
# the service first and then the two servers, by the process ids that were started here; data stays for the next time.
# It is for trying out and developing: the S3 server, versitygw, does not sync to disk.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
data=${PREFLIGHT_DEMO_DATA:-$root/data/s3-demo}

say() { printf 'run-s3: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

[[ -x $root/build/preflight && -x $root/build/versitygw ]] || die 'not built yet: make run-s3'
bin=$(compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -n 1) || die 'PostgreSQL is not installed: make setup-test'

mkdir -p "$data/objects/preflight"
chmod 700 "$data"
cluster=$data/postgres

# PostgreSQL refuses to run as root; then it runs as its own user, for whom the way to its folder must be open.
as_owner=()
if [[ $(id -u) == 0 ]]; then
  as_owner=(setpriv --reuid=postgres --regid=postgres --clear-groups)
  chmod 711 "$data"
  if ! "${as_owner[@]}" test -x "$data"; then
    cluster=/var/lib/preflight-s3-demo$(printf '%s' "$data" | sha256sum | cut -c1-8)
    say "the user postgres cannot reach $data, so the cluster is kept in $cluster"
  fi
fi

# Passwords, once: shell assignments that only the owner can read.
credentials=$data/credentials
if [[ ! -s $credentials ]]; then
  (
    umask 077
    draw() { head -c 24 /dev/urandom | base64 | tr -d '/+='; }
    printf 'database_password=%s\ns3_access_key=%s\ns3_secret_key=%s\n' "$(draw)" "$(draw)" "$(draw)" >"$credentials"
  )
fi
database_password='' s3_access_key='' s3_secret_key=''
# shellcheck source=/dev/null
source "$credentials"
[[ -n $database_password && -n $s3_access_key && -n $s3_secret_key ]] || die "$credentials is damaged; without data worth keeping, remove $data"

# free_port prints a port of loopback on which nobody listens.
free_port() {
  local port
  for port in $(shuf -i 20000-29999 -n 50); do
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      printf '%s' "$port"
      return
    fi
  done
  die 'no free port found'
}

# until_ready NAME PID LOG COMMAND... waits up to 30 s, and gives up at once when the process has ended.
until_ready() {
  local name=$1 pid=$2 log=$3 tries
  shift 3
  for ((tries = 0; tries < 300; tries++)); do
    if "$@" >/dev/null 2>&1; then return; fi
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  tail -n 20 "$log" >&2
  die "$name did not start; its log is $log"
}

# shellcheck disable=SC2317 # called by the trap
# stop SIGNAL PID ends what was started here and waits for it.
stop() {
  [[ -n $2 ]] || return 0
  kill -s "$1" "$2" 2>/dev/null || true
  wait "$2" 2>/dev/null || true
}
service='' s3='' postgres=''
# shellcheck disable=SC2317 # called by the trap
finish() {
  trap '' INT TERM
  stop TERM "$service"
  stop TERM "$s3"
  stop INT "$postgres"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# PostgreSQL. Each server gets a session of its own, or Ctrl-C would take it away from under the service.
if [[ ! -s $cluster/PG_VERSION ]]; then
  mkdir -p "$cluster"
  chmod 700 "$cluster"
  [[ ${#as_owner[@]} == 0 ]] || chown postgres:postgres "$cluster"
  password_file=$(mktemp)
  printf '%s\n' "$database_password" >"$password_file"
  [[ ${#as_owner[@]} == 0 ]] || chown postgres:postgres "$password_file"
  made=yes
  "${as_owner[@]}" "$bin/initdb" --pgdata "$cluster" --username preflight --pwfile "$password_file" --auth scram-sha-256 \
    --encoding UTF8 --locale C >"$data/initdb.log" 2>&1 || made=''
  rm -f "$password_file"
  [[ -n $made ]] || { cat "$data/initdb.log" >&2; die 'initdb failed'; }
fi
[[ $(<"$cluster/PG_VERSION") == "$(basename "$(dirname "$bin")")" ]] ||
  die "$cluster was made by PostgreSQL $(<"$cluster/PG_VERSION"), and $bin is another; remove it, or bring the old one back"
database_port=$(free_port)
setsid "${as_owner[@]}" "$bin/postgres" -D "$cluster" -p "$database_port" -c listen_addresses=127.0.0.1 \
  -c unix_socket_directories= >"$data/postgres.log" 2>&1 </dev/null &
postgres=$!
until_ready PostgreSQL "$postgres" "$data/postgres.log" "$bin/pg_isready" -q -h 127.0.0.1 -p "$database_port" -U preflight
sql() { PGPASSWORD=$database_password "$bin/psql" -qtA -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$database_port" -U preflight -d postgres -c "$1"; }
[[ -n $(sql "SELECT 1 FROM pg_database WHERE datname = 'preflight'") ]] || sql 'CREATE DATABASE preflight'

# The S3 server: every folder below objects is a bucket.
s3_port=$(free_port)
ROOT_ACCESS_KEY=$s3_access_key ROOT_SECRET_KEY=$s3_secret_key \
  setsid "$root/build/versitygw" --port "127.0.0.1:$s3_port" --keep-alive --quiet posix "$data/objects" >"$data/s3.log" 2>&1 </dev/null &
s3=$!
until_ready 'the S3 server' "$s3" "$data/s3.log" bash -c "exec 3<>/dev/tcp/127.0.0.1/$s3_port"

say "PostgreSQL on 127.0.0.1:$database_port, S3 on 127.0.0.1:$s3_port, data in $data"
PREFLIGHT_STORE="s3://preflight?endpoint=http://127.0.0.1:$s3_port" \
PREFLIGHT_DATABASE="postgres://preflight:$database_password@127.0.0.1:$database_port/preflight?sslmode=disable" \
PREFLIGHT_S3_ACCESS_KEY=$s3_access_key \
PREFLIGHT_S3_SECRET_KEY=$s3_secret_key \
  "$root/build/preflight" serve "$@" &
service=$!
status=0
wait "$service" || status=$?
service=''
exit "$status"
