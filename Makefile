# harvestlane: `make run` shows it, `make test` proves it; both set everything up first.
.DEFAULT_GOAL := help
.PHONY: help setup run test test-long lint clean test-contract clients

BIN := .venv/bin
SCENARIO ?= kien-giang-2021-08

help: ## Say what can be made.
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

setup: ## Install and build what is missing; does nothing where nothing changed.
	@bash infra/setup/setup.sh

run: setup ## Run the stack with the demo scenario and print the links to open; Ctrl-C stops it.
	@exec $(BIN)/harvestlane up --scenario $(SCENARIO)

lint: setup ## Check style, types, layers and the pages' types.
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd api/pages && npm run --silent check

test: lint ## Check everything, then run all tests but the long ones, on ports and folders of their own.
	cd api/pages && npm test --silent
	$(BIN)/pytest -m "not slow and not integration and not browser" -n logical
	$(BIN)/pytest -m "not slow and (integration or browser)"

test-long: setup ## Run the long tests: whole demos, kills in the middle, a great graph.
	$(BIN)/pytest -m slow --timeout 1800

test-contract: setup ## Hold the API to its own description on a whole stack; about five minutes.
	$(BIN)/pytest -m slow --timeout 1800 -s tests/contract

clients: setup ## Write docs/openapi.json and the typed clients anew.
	$(BIN)/python -m infra.clients

clean: ## Remove what set-up made; the stack's own folder .harvestlane stays.
	rm -rf .venv .cache api/pages/dist api/pages/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
