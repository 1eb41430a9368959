# Preflight. `make help` explains every target; on a fresh Debian or Ubuntu, `make run` and `make test` are all it takes.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# One apt at a time; the Go tool runs in parallel by itself.
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

# ARGS are passed on: make run ARGS='--listen 127.0.0.1:9000', make bench ARGS='-bench Decode ./imaging'.
ARGS ?=
# FUZZ_TIME is how long `make fuzz` runs each target.
FUZZ_TIME ?= 30s

## Run

.PHONY: run
run: build ## install the system libraries and the models, build, and start the service on embedded storage in ./data
	./build/preflight serve $(ARGS)

.PHONY: run-s3
run-s3: setup-test build ## the same on PostgreSQL and an S3 server, both private to ./data/s3-demo
	scripts/run-s3.sh $(ARGS)

.PHONY: build
build: setup-build ## build the one binary, build/preflight
	go build -trimpath -o build/preflight ./cmd/preflight

## Check

.PHONY: test
test: setup-test ## install what the tests need, run all of them (race detector but for pure pixel work), say what was skipped
	PREFLIGHT_TEST_REQUIRE=1 scripts/test.sh

.PHONY: race
race: setup-test ## the same with everything under the race detector (an hour)
	RACE=all PREFLIGHT_TEST_REQUIRE=1 scripts/test.sh

.PHONY: test-short
test-short: setup-build ## the quick round while writing: no race detector, no slow tests, skips what is not installed
	scripts/test.sh -short

.PHONY: lint
lint: setup-lint ## our own rules, golangci-lint and shellcheck (the first time builds the linter: 2 to 5 minutes)
	scripts/lint.sh

.PHONY: bench
bench: setup-bench ## run the benchmarks; ARGS='-bench NAME ./package' chooses
	go test -run '^$$' -benchmem $(if $(ARGS),$(ARGS),-bench . ./...)

.PHONY: accuracy
accuracy: setup-accuracy ## how right the eyes are, on drawn photos (hours the first time); ARGS='-half tune -group blur -limit 100'
	@go run ./accuracy/cmd $(ARGS)

.PHONY: accuracy-reading
accuracy-reading: setup-accuracy ## how right reading is, on the same photos, beside tesseract (hours); ARGS='-half tune -readable -every 8'
	@go run ./accuracy/cmd -reading $(ARGS)

.PHONY: soak-reading
soak-reading: setup-test ## 2,000 photos measured and read, 4 at once: memory does not grow (an hour; ARGS='-soak-photos 200' chooses)
	go test ./accuracy -run MemoryDoesNotGrow -count 1 -timeout 12h -v -args $(if $(ARGS),$(ARGS),-soak-photos 2000)

.PHONY: bench-stitch
bench-stitch: setup-bench ## 200 random sets of photos of 12 megapixels stitched: legibility within the limits, time and memory beside others (an hour)
	go test ./imaging -run 'RandomSets|StitchingCosts' -stitch-sets 200 -count 1 -timeout 12h -v $(ARGS)

.PHONY: accuracy-pairs
accuracy-pairs: setup-accuracy ## pairs of sides and pictures that somebody stitched, drawn and judged (an hour); ARGS='-pairs-half tune'
	go test ./accuracy -run 'PairsOfSides|PartsOfStitched' -pairs 240 -stitched 120 -count 1 -timeout 12h -v $(ARGS)

.PHONY: screenshots
screenshots: setup-test ## pictures of every page, both languages, light and dark, phone and screen, into build/screenshots (5 minutes)
	PREFLIGHT_TEST_REQUIRE=1 go test ./server -run ScreenshotsOfEveryPage -screenshots $(CURDIR)/build/screenshots -count 1 -timeout 1h -v $(ARGS)

.PHONY: load
load: setup-test ## 64 uploads of 4 MB at once and kill -9; uploads beside a revalidation; both stores; ten times too many uploads (6 minutes)
	go test ./cmd/preflight -run ManyUploads -uploads 64 -count 1 -v $(ARGS)
	PREFLIGHT_TEST_REQUIRE=1 go test ./cmd/preflight -run 'UploadsBesideARevalidation|UploadToVerdict|ReviewersFetch' -load-uploads 40 -count 1 -timeout 1h -v $(ARGS)
	go test ./cmd/preflight -run OverloadIsRefused -overload 30s -count 1 -v $(ARGS)

.PHONY: hostile
hostile: setup-test ## every hostile file through a worker process: judged with its code within 3 s, bombs within 250 ms and 64 MiB (2 minutes)
	go test ./cmd/preflight -run WorkersJudgeEveryHostileFile -hostile 1 -count 1 -v $(ARGS)

.PHONY: crash
crash: setup-test ## kill -9 at 200 random points of upload, check, revalidation and deletion: nothing lost, doubled or left over (20 minutes)
	go test ./cmd/preflight -run LostOrDoubledThroughKills -kills 200 -count 1 -timeout 3h -v $(ARGS)

.PHONY: fuzz
fuzz: setup-test ## every fuzz target for a time: make fuzz FUZZ_TIME=5m; ARGS=PATTERN chooses (10 minutes)
	scripts/fuzz.sh $(FUZZ_TIME) $(ARGS)

.PHONY: soak
soak: setup-test ## 20,000 photos, and 2,000 that are read: the memory of service and workers stays flat (hours)
	go test ./cmd/preflight -run MemoryIsFlat -soak 20000 -soak-read 2000 -count 1 -timeout 24h -v $(ARGS)

.PHONY: fleet
fleet: setup-test ## 5,000 asynchronous uploads to four workers, two of which are killed: each judged exactly once (3 minutes)
	PREFLIGHT_TEST_REQUIRE=1 go test ./cmd/preflight -run AFleetJudges -fleet-uploads 5000 -count 1 -timeout 1h -v $(ARGS)

.PHONY: bench-revalidate
bench-revalidate: setup-test ## judge 100,000 stored filings again on SQLite and PostgreSQL (minutes; ARGS='-filings 1000000': an hour, 40 GB)
	PREFLIGHT_TEST_REQUIRE=1 go test ./pipeline -run RevalidationOfManyFilings -count 1 -timeout 12h -v $(if $(ARGS),$(ARGS),-filings 100000)

.PHONY: differential
differential: setup-build ## 1,000,000 random filings judged by our engine and by CEL, from the YAML (5 minutes; ARGS='-draws 10000' chooses)
	cd rules/differential && go test -run Differential -count 1 -timeout 12h -v $(if $(ARGS),$(ARGS),-draws 1000000)

.PHONY: properties
properties: setup-build ## the properties of asking and explaining over 100,000 random facts each (2 minutes)
	PREFLIGHT_RANDOM=100000 go test ./rules -run 'OnlyFactsThatAreAskedFor|NeverReverses|EveryReason' -count 1 -timeout 12h -v $(ARGS)

.PHONY: fresh
fresh: ## prove build and test on a minimal Debian of its own (as root, about 15 minutes): what a newcomer's machine sees
	scripts/fresh.sh $(ARGS)

.PHONY: image
image: ## check the Dockerfile without an engine (as root, 10 to 20 minutes): build it, run it with no rights
	scripts/image.sh $(ARGS)

## Care

.PHONY: docs
docs: ## write every package's documentation to build/docs, with an index to read it from
	scripts/docs.sh

.PHONY: setup
setup: ## install what build, test and lint need, and do nothing else
	scripts/setup.sh build models test lint

.PHONY: setup-build setup-test setup-lint setup-accuracy setup-bench
setup-build:
	@scripts/setup.sh build models
setup-test:
	@scripts/setup.sh build models test
setup-lint:
	@scripts/setup.sh build lint

setup-bench:
	@scripts/setup.sh build models test bench

setup-accuracy:
	@scripts/setup.sh build models test accuracy

.PHONY: clean
clean: ## remove what was built (build/); ./data, the stored filings, is never touched
	rm -rf build

.PHONY: help
help: ## this page
	@echo 'make TARGET'
	@awk 'BEGIN { FS = ":.*## " } \
	  /^## / { printf "\n%s\n", substr($$0, 4) } \
	  /^[a-z0-9-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
