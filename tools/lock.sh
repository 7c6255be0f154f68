#!/bin/sh
# Pins the *.in files for Python 3.11 to 3.13 on every platform, with hashes, by the given uv. The developers' set holds
# all the others: it is resolved first, and they take its versions. Further arguments go to uv (--upgrade).
set -eu
uv=$1
shift
# With extras: older pips (23.2) refuse `coverage==7` with hashes where something else asks for `coverage[toml]`.
lock() {
  file=$1
  shift
  "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-emit-index-url \
    --no-emit-find-links --no-header "$file.in" --output-file "$file.txt" "$@"
}
lock requirements-dev "$@"
for file in requirements requirements-demo lambdas/requirements tools/installer; do
  lock "$file" --constraint requirements-dev.txt "$@"
done
lock tools/node-requirements "$@"
