#!/bin/sh
# Prints the path of a Chromium or Chrome that runs on this machine; where Debian's can be installed, installs it first.
set -eu
if [ -n "${GREENLIGHT_CHROMIUM:-}" ]; then
  if ! "$GREENLIGHT_CHROMIUM" --version >/dev/null 2>&1; then
    echo "GREENLIGHT_CHROMIUM=$GREENLIGHT_CHROMIUM does not run; set it to the path of a Chromium or Chrome, or unset it" >&2
    exit 1
  fi
  echo "$GREENLIGHT_CHROMIUM"
  exit 0
fi
# Each is asked for its version: what Ubuntu calls chromium-browser may be a script that only says to install a snap.
find_one() {
  for name in chromium chromium-browser google-chrome google-chrome-stable \
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" "/Applications/Chromium.app/Contents/MacOS/Chromium"; do
    path=$(command -v "$name") || continue
    if "$path" --version >/dev/null 2>&1; then
      echo "$path"
      return 0
    fi
  done
  return 1
}
find_one && exit 0
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
  echo "No Chromium is on this machine; installing Debian's, and a font …" >&2
  export DEBIAN_FRONTEND=noninteractive
  # Another install may be under way: wait for it, up to ten minutes.
  if apt-get update -qq >&2 &&
    apt-get install -qq --yes --no-install-recommends -o DPkg::Lock::Timeout=600 chromium fonts-dejavu-core >/dev/null; then
    find_one && exit 0
  fi
fi
echo "No Chromium or Chrome runs on this machine, and the tests of the page need one: install one (Debian: apt-get install" \
  "chromium; macOS: brew install --cask chromium), or set GREENLIGHT_CHROMIUM to the path of one" >&2
exit 1
