# Words that every step of the set-up shares: say, fail, and stamps by content.
# Sourced by the steps; the current folder is the project's.

STAMPS=.cache/setup

say() { printf 'setup: %s\n' "$*"; }

fail() {
  printf 'setup: %s\n' "$*" >&2
  exit 1
}

# content PATH... : one digest over the names and bytes of files, folders being walked.
content() {
  find "$@" -type f -not -path '*/node_modules/*' -not -path '*/dist/*' -not -path '*/__pycache__/*' -print0 |
    LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d ' ' -f 1
}

# is_done STEP DIGEST : whether the step was finished for just this input.
is_done() { [ "$(cat "$STAMPS/$1" 2>/dev/null)" = "$2" ]; }

# done_with STEP DIGEST : note that the step is finished for this input.
done_with() {
  mkdir -p "$STAMPS"
  printf '%s\n' "$2" > "$STAMPS/$1"
}

# find_python : print the first Python of at least 3.11; 3.11 first, since the lock was made for it.
find_python() {
  local name
  for name in ${PYTHON:-} python3.11 python3.12 python3.13 python3; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$name"
      return 0
    fi
  done
  return 1
}
