#!/usr/bin/env bash
# Everything that reads the code without running it. Called by `make lint`, which has installed the tools.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
failed=0
step() {
  echo "lint: $1"
  shift
  "$@" || failed=1
}

# Our own analyzers, as a tool of go vet: knownsize, naming.
(cd lint/analyzers && go build -o "$root/build/preflight-lint" ./cmd/preflight-lint)
step 'own rules' go vet -vettool="$root/build/preflight-lint" ./...

# The floors and the configuration that is made from them.
step 'floors' go test -count=1 ./lint

while read -r mod; do
  step "golangci-lint in ${mod%/go.mod}" env -C "${mod%/go.mod}" \
    "$root/build/golangci-lint" run --config "$root/.golangci.yml" ./...
done < <(find . -name go.mod -not -path './build/*' -not -path './data/*' -not -path '*/node_modules/*' -not -path '*/testdata/*' | sort)

step 'shellcheck' shellcheck scripts/*.sh .ci/run
exit "$failed"
