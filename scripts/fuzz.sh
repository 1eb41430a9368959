#!/usr/bin/env bash
# Runs every fuzz target of the product for a stated time, one after the other.
#
#   scripts/fuzz.sh [TIME [PATTERN]]   TIME for each target (default 30s), PATTERN chooses targets by name
#
# What a target finds is kept as a file under testdata/fuzz of its package: from then on every `make test` tries it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
time=${1:-30s}
pattern=${2:-.}
# What targets store goes to memory where there is some: the pace of a disk is not what they are about. Builds stay where they were.
if [[ -d /dev/shm && -w /dev/shm ]]; then
  export GOTMPDIR=${GOTMPDIR:-${TMPDIR:-/tmp}} TMPDIR=/dev/shm
fi
failed=0
targets=0
while read -r package; do
  while read -r target; do
    targets=$((targets + 1))
    echo "fuzz: $package $target for $time"
    go test "$package" -run '^$' -fuzz "^$target\$" -fuzztime "$time" || failed=1
  done < <(grep -rhoE '^func Fuzz[A-Za-z0-9_]+' --include='*_test.go' -d skip "$package"/*_test.go | sed 's/^func //' | grep -E "$pattern" | sort -u)
done < <(grep -rlE '^func Fuzz' --include='*_test.go' . | xargs -n1 dirname | sort -u | grep -v '^./build')
echo "fuzz: $targets targets"
((targets > 0)) || failed=1
exit "$failed"
