#!/bin/sh
# A Python environment in BUILD/peers with the programs that --peer compares with. Only tests and benchmarks use it.
#   tools/peers.sh BUILD
set -eu
peers=$1/peers
command -v python3 >/dev/null 2>&1 || { echo "peers: python3 is missing: apt install python3-venv" >&2; exit 5; }
[ -x "$peers/bin/python" ] || python3 -m venv "$peers"
"$peers/bin/pip" install --quiet --requirement tests/peers.txt
"$peers/bin/pip" list --format=freeze
