#!/bin/sh
# Installs package-lock.json into node_modules; arguments go to npm (--omit=dev: the CDK's command line alone).
set -eu
echo "Installing package-lock.json into node_modules …"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
npm ci --loglevel=error --no-audit --no-fund "$@" >"$log" 2>&1 || {
  echo "package-lock.json could not be installed ($(grep -m 1 -E 'rror: |request to' "$log" || head -n 1 "$log")): does npm" \
    "reach its registry from here (npm ping)? To see all that it says: npm ci" >&2
  exit 1
}
