#!/usr/bin/env bash
# Compile the loops of the road engine and of the search where they changed, so that nobody waits.
set -euo pipefail
. infra/setup/common.sh

input=$(content requirements.lock routing/engine routing/solver)
if is_done compiled "$input"; then exit 0; fi

# numba looks at a function's own file only, not at what it calls
rm -rf routing/solver/kernels/__pycache__ routing/engine/kernels/__pycache__
say "compiling the search"
.venv/bin/python -c "from routing.engine.warm import warm as roads; from routing.solver.warm import warm as search; roads(); search()" ||
  fail "the search cannot be compiled; see the message above"
done_with compiled "$input"
