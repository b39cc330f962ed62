#!/bin/sh
# A Python environment in BUILD/peers with the programs that --peer compares with. Only benchmarks use it.
#   tools/peers.sh BUILD
set -eu
wanted=$(cd "$(dirname "$0")/.." && pwd)/bench/peers/requirements.txt
peers=$1/peers
command -v python3 >/dev/null 2>&1 || { echo "peers: python3 is missing: apt install python3-venv" >&2; exit 5; }
[ -x "$peers/bin/pip" ] || python3 -m venv "$peers" ||
  { echo "peers: python3 makes no environments here: apt install python3-venv" >&2; exit 5; }
"$peers/bin/pip" install --quiet --requirement "$wanted"
"$peers/bin/pip" list --format=freeze | grep -i -E "^($(sed '/^#/d' "$wanted" | paste -sd '|'))=="
