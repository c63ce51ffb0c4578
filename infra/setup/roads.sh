#!/usr/bin/env bash
# Build the bundled road network into .cache/roads/bundled where what it is made of changed.
set -euo pipefail
. infra/setup/common.sh

out=.cache/roads/bundled
input=$(content requirements.lock routing/data routing/roads routing/engine infra/commands/roads.py)
if is_done roads "$input" && [ -d $out ]; then exit 0; fi

say "building the road network"
rm -rf $out.new
.venv/bin/harvestlane roads build --bundled --out "$PWD/$out.new" > /dev/null ||
  fail "the road network cannot be built; see the message above"
rm -rf $out
mv $out.new $out
done_with roads "$input"
