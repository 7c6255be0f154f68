#!/bin/sh
# Installs a lock into the virtual environment that tools/venv.sh made, by the uv in it, and writes the command `greenlight`.
set -eu
venv=$1
lock=$2
log="$venv/install.log"
echo "Installing $lock into $venv …"
# Whoever stops this half-way leaves the environment without its mark, and the next one begins with a new one.
mv "$venv/.uv" "$venv/.uv.busy"
"$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --require-hashes --requirement "$lock" 2>"$log" || {
  echo "$lock could not be installed ($(grep -m 1 . "$log")): uv asks the package index that UV_DEFAULT_INDEX names, else" \
    "PyPI, and does not read pip's configuration. The whole message: $log" >&2
  exit 1
}
printf '#!/bin/sh\nPYTHONPATH="%s" exec "%s/bin/python" -P -m cli.main "$@"\n' "$PWD" "$PWD/$venv" >"$venv/bin/greenlight"
chmod +x "$venv/bin/greenlight"
mv "$venv/.uv.busy" "$venv/.uv"
