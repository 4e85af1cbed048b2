# The names a newcomer tries first; CONTRIBUTING.md says what is behind them.

.PHONY: help build test check race bench fuzz release

help: ## Show the targets
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 18

build: ## Compile everything, and vet it
	go build work
	go vet work

test: ## Run the tests of all modules
	go test work

check: ## Run all that a change has to pass
	.ci/run

race: ## Run the tests under the race detector
	go test -race -p 1 work

bench: ## Measure a call, in this SDK and by hand: for benchstat
	go test -run '^$$' -bench . -count 10 ./internal/benchmarks

fuzz: ## Run each fuzz target, for FUZZTIME=30s or longer
	.ci/fuzz $(or $(FUZZTIME),30s)

release: ## Show what a release would do
	.ci/release
