#!/bin/sh
# Makes a virtual environment by the given Python and puts uv, which installs everything else, into it.
# The given Python's pip does that, or, if it has none that can (from 22.3 on), one that the environment gets.
# Marks the environment as whole by the file .uv in it.
set -eu
python=$1
chosen=$2 # by whom: `file` is the Makefile's default, which an environment made by another Python need not follow
venv=$3

fail() {
  echo "$*" >&2
  exit 1
}

suits() {
  "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1
}

version_of() {
  "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null
}

if [ "$chosen" = file ] && [ -e "$venv/.uv" ] && suits "$venv/bin/python"; then
  python=$("$venv/bin/python" -c 'import sys; print(sys._base_executable)')
fi
if ! suits "$python"; then
  found=$("$python" --version 2>&1) && found="$python is $found" || found="$python does not run"
  for other in python3.13 python3.12 python3.11; do
    suits "$other" && fail "Greenlight needs Python 3.11 to 3.13, and $found: add PYTHON=$other to the make command"
  done
  fail "Greenlight needs Python 3.11 to 3.13, and $found: install one, and add PYTHON=/path/to/python3.13 to the make command"
fi
version=$(version_of "$python")

if "$python" -m pip --python "$python" --version >/dev/null 2>&1; then
  needs=venv
  bare=--without-pip # giving the environment a pip of its own would take longer than all the rest
else
  needs='venv, ensurepip'
  bare=
fi

# Without the mark somebody stopped an installation half-way: what is there cannot be trusted.
if ! { [ -e "$venv/.uv" ] && [ "$(version_of "$venv/bin/python")" = "$version" ]; }; then
  "$python" -c "import $needs" 2>/dev/null ||
    fail "$python (Python $version) lacks its venv module: install it (Debian, Ubuntu: apt-get install python$version-venv)"
  echo "Making a virtual environment of Python $version in $venv …"
  "$python" -m venv --clear $bare "$venv"
elif [ "$venv/.uv" -nt tools/installer.txt ]; then
  exit 0
fi
log="$venv/install.log"
# Only a wheel will do: building uv would need a Rust compiler, and an hour.
if [ "$bare" ]; then
  set -- "$python" -m pip --python "$venv/bin/python"
else
  set -- "$venv/bin/python" -m pip
fi
"$@" --quiet --disable-pip-version-check --retries 2 install --require-hashes --only-binary :all: \
  --requirement tools/installer.txt 2>"$log" ||
  fail "uv, which installs the packages, could not be installed ($({ grep '^ERROR' "$log" || cat "$log"; } | tail -n 1)): either pip reaches" \
    "no package index from here, or there is no uv for this machine ($(uname -sm)). The whole message: $log"
touch "$venv/.uv"
