#!/bin/sh
# Installs the Python package into an environment of its own, BUILD/python, and runs its tests there.
#   tools/python.sh BUILD
# PyTorch, e3nn and sphericart are looked for in BUILD/peers (make peers) or the environment WEYL_PEERS; without them the
# tests that need them are skipped aloud.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "$1" && pwd)
peers=${WEYL_PEERS:-$build/peers}
place=$build/python
start=$(command -v python3) || { echo "python: python3 is missing: apt install python3-venv python3-dev" >&2; exit 5; }
[ -x "$peers/bin/python" ] && start=$peers/bin/python
[ -x "$place/bin/pip" ] || "$start" -m venv "$place" ||
  { echo "python: python3 makes no environments here: apt install python3-venv" >&2; exit 5; }
if [ -x "$peers/bin/python" ]; then # packages of the peers, behind those of this environment
  "$peers/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))' \
    > "$("$place/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/peers.pth"
fi
"$place/bin/pip" install --quiet pytest numpy setuptools wheel
WEYL_BUILD=$build "$place/bin/pip" install --quiet --no-build-isolation --no-deps --force-reinstall "$root/python"
cd "$root/python"
exec "$place/bin/python" -m pytest -q -p no:cacheprovider tests
