#!/usr/bin/env bash
# Starts Pilotlight on this machine; `./temporal-dev.sh --help` tells the rest.
# Needs Node with npm (any release) and Python; the Node that runs the sources comes with `npm ci`.
set -euo pipefail

checkout="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
node="$checkout/node_modules/.bin/node"

if [[ ! -x "$node" ]]; then
  if ! command -v npm >/dev/null; then
    echo "error: Expected npm on PATH to install the packages; install Node from https://nodejs.org" >&2
    exit 1
  fi
  echo 'Installing packages (once)' >&2
  # To stderr, since stdout may be read by a program: `status -o json`, `env`.
  (cd "$checkout" && npm ci --no-progress) >&2
fi

exec "$node" "$checkout/dev/main.ts" "$@"
