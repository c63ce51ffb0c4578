#!/usr/bin/env bash
# See that the programs we need are there; install them on Debian as root, else say which are missing.
set -euo pipefail
. infra/setup/common.sh

has() { command -v "$1" > /dev/null 2>&1; }

java_is_new() {
  local version
  version=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1)
  [ "${version:-0}" -ge 17 ]
}

node_is_new() { [ "$(node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/')" -ge 18 ] 2>/dev/null; }

python_packages() {
  local python version
  if ! python=$(find_python); then
    echo python3 python3-venv
  elif ! [ -x .venv/bin/python ] && ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    echo "python${version}-venv"
  fi
}

missing() {
  python_packages
  has java && java_is_new || echo default-jre-headless
  has mvn || echo maven
  has redis-server || echo redis-server
  has node && node_is_new || echo nodejs
  has npm || echo npm
  has chromium || echo chromium
}

# shellcheck disable=SC2046,SC2116 # echo makes one line of them
packages=$(echo $(missing))
[ -n "$packages" ] || exit 0

if ! has apt-get; then
  fail "please install, by your system's means: $packages (these are Debian's names;" \
    "Python 3.11 or later with venv, Java 17 or later, Maven, Redis 7, Node 18 or later, Chromium);" \
    "then run the command again"
fi
if [ "$(id -u)" -ne 0 ]; then
  fail "please run: sudo apt-get install -y --no-install-recommends $packages" \
    "and then the command again"
fi
say "installing $packages"
export DEBIAN_FRONTEND=noninteractive
apt-get update -q > /dev/null || fail "apt-get update failed; see its message above"
# shellcheck disable=SC2086 # the packages are words
apt-get install -y -q --no-install-recommends $packages > /dev/null ||
  fail "apt-get install $packages failed; see its message above"
# shellcheck disable=SC2046,SC2116
still=$(echo $(missing))
[ -z "$still" ] || fail "after installing $packages this system still lacks a fitting: $still;" \
  "it needs Python 3.11 or later with venv, Java 17 or later and Node 18 or later"
