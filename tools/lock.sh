#!/bin/sh
# Resolves the *.in files for Python 3.11 to 3.13 on every platform, with hashes. Needs uv (pip install uv).
set -eu
for file in requirements lambdas/requirements requirements-dev tools/node-requirements; do
  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
    --no-header "$file.in" --output-file "$file.txt"
done
