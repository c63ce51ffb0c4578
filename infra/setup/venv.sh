#!/usr/bin/env bash
# Make .venv from the locks, with this project in it, editable.
set -euo pipefail
. infra/setup/common.sh

runs() { .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; }

input="$(content requirements.lock requirements-build.lock pyproject.toml) $PWD"
if runs && is_done venv "$input" && [ -x .venv/bin/harvestlane ]; then exit 0; fi

if ! runs; then
  python=$(find_python) || fail "Python 3.11 or later is missing; install it or set PYTHON to it"
  say "making .venv with $("$python" --version)"
  rm -rf .venv
  "$python" -m venv .venv
fi
say "installing the Python packages of requirements.lock"
pip() { .venv/bin/python -m pip --disable-pip-version-check --no-input "$@"; }
pip install -q --require-hashes -r requirements-build.lock
pip install -q --require-hashes -r requirements.lock
pip install -q --no-deps --no-build-isolation -e .
done_with venv "$input"
