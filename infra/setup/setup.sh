#!/usr/bin/env bash
# Set everything up: each step looks at its inputs first, so that a second run takes a moment.
set -euo pipefail
cd "$(dirname "$0")/../.."
mkdir -p .cache/setup

# one at a time: `make run` and `make test` may be started together
exec 9> .cache/setup/lock
if command -v flock > /dev/null 2>&1; then flock 9; fi

for step in system venv kafka compiled roads pages; do
  bash infra/setup/$step.sh 9>&-
done
