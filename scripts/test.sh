#!/usr/bin/env bash
# Runs every test of every module of the project with the race detector, and says what was skipped and why.
#
#   scripts/test.sh [ARGUMENT...]   arguments go to go test (default: -race -count=1 -timeout=20m)
#
# Called by `make test` once the set-up is done: then a server that is not there is a failure (PREFLIGHT_TEST_REQUIRE=1)
# and no reason to skip.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
export PATH=$root/build:$PATH
arguments=("$@")
((${#arguments[@]} > 0)) || arguments=(-race -count=1 -timeout=20m)

# Modules of the project: the product's own, and those that stand apart so that the product does not depend on what
# they need.
modules() { find . -name go.mod -not -path './build/*' -not -path './data/*' -not -path '*/node_modules/*' -not -path '*/testdata/*' | sort; }

mkdir -p build
go build -o build/testsummary ./scripts/testsummary

failed=0
while read -r mod; do
  echo "vet: ${mod%/go.mod}"
  (cd "${mod%/go.mod}" && go vet ./...) || failed=1
done < <(modules)

test_all() {
  local mod status=0
  while read -r mod; do
    (cd "${mod%/go.mod}" && go test -json "${arguments[@]}" ./...) || status=1
  done < <(modules)
  # Under the race detector drawing hundreds of photos takes minutes, so only every fifth is tried there. The whole
  # corpora, good, flagged and hostile, are judged here without it.
  go test -json -count=1 -timeout=20m -run 'GoodFile|FlaggedFile|HostileFile' ./pipeline || status=1
  return "$status"
}
test_all | build/testsummary || failed=1
exit "$failed"
