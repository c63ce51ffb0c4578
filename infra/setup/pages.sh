#!/usr/bin/env bash
# Build the pages into api/pages/dist where their sources changed.
set -euo pipefail
. infra/setup/common.sh

pages=api/pages
lock=$(content $pages/package.json $pages/package-lock.json)
if ! { is_done pages-modules "$lock" && [ -d $pages/node_modules ]; }; then
  say "installing the pages' packages"
  (cd $pages && npm ci --silent --no-audit --no-fund) || fail "npm ci failed in $pages"
  done_with pages-modules "$lock"
fi

input=$(content $pages)
if is_done pages "$input" && [ -f $pages/dist/index.html ]; then exit 0; fi
say "building the pages"
(cd $pages && npm run --silent build -- --logLevel warn) || fail "the pages do not build"
done_with pages "$input"
