#!/usr/bin/env bash
# Runs every test of every module of the project, with the race detector but for what is named below, and says what was
# skipped and why.
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

# What draws, measures and reads pixels takes ten times as long under the race detector, and shares nothing between goroutines but
# rows of a picture that it divides among them: it is tested without, unless RACE=all asks for it (make race). What does share,
# the analyzer itself, has those of its tests with the race detector that run it on several goroutines.
shared='SameBytes|ThePlanes|AutoRotatedResizeBug'
pixels='/(specimen|accuracy|accuracy/cmd|checks/document|imaging|imaging/(face|legibility|locate|origin|raster|read))$'
[[ ${RACE:-} == all ]] && pixels='^$'
echo "without the race detector: packages that match $pixels"

test_all() {
  local mod status=0 with without
  while read -r mod; do
    cd "$root/${mod%/go.mod}"
    mapfile -t with < <(go list ./... | grep -Ev "$pixels")
    mapfile -t without < <(go list ./... | grep -E "$pixels")
    go test -json "${arguments[@]}" "${with[@]}" || status=1
    if ((${#without[@]})); then
      go test -json "${arguments[@]/#-race/-v}" "${without[@]}" || status=1
    fi
  done < <(modules)
  cd "$root"
  [[ ${RACE:-} == all ]] || go test -json "${arguments[@]}" -run "$shared" ./imaging || status=1
  # Tests of the pipeline that do nothing but measure pictures (withoutRace) are skipped above, and run here, with all others of it.
  [[ ${RACE:-} == all ]] || go test -json -count=1 -timeout=20m ./pipeline || status=1
  return "$status"
}
test_all | build/testsummary || failed=1
exit "$failed"
