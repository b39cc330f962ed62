#!/bin/sh
# A tour of this machine's timings, each printed by the command itself; docs/bench.md says how to read them. Beside
# PyTorch where `make peers` has set it up.
#   tools/bench.sh BUILD
set -eu
build=$(cd "$1" && pwd)
weyl=$build/weyl
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
field() { sed -n "s/.*\"$1\": \([-0-9.e+]*\).*/\1/p"; }
peer=none
[ ! -x "${WEYL_PEERS:-$build/peers}/bin/python" ] || peer=torch

"$weyl" version >/dev/null
start=$(date +%s%N)
i=0
while [ $i -lt 20 ]; do "$weyl" version >/dev/null; i=$((i + 1)); done
end=$(date +%s%N)
echo "weyl version: $(((end - start) / 20000)) us a start"

"$weyl" data make nbody --seed 43 --set train=10000 --threads 1 --out "$work/nbody.npz" --json > "$work/data.json"
echo "n-body data, 14 000 simulations, one thread: $(field seconds < "$work/data.json") s"

for model in gnn egnn fa-gnn; do
  for threads in 1 2; do
    "$weyl" train nbody --model $model --epochs 3 --threads $threads --out "$work/$model-$threads" --json -q > "$work/train.json"
    echo "$model, $threads thread(s): $(field seconds_per_epoch < "$work/train.json") s an epoch of 3000 samples," \
         "$(field peak_rss_mib < "$work/train.json") MiB at most"
  done
done

for what in machine engine; do
  printf '\n== weyl bench %s\n' $what
  "$weyl" bench $what -q
done
for model in gnn egnn fa-gnn; do
  for threads in 1 2; do
    printf '\n== weyl bench train --model %s --threads %s --peer %s\n' $model $threads $peer
    "$weyl" bench train --model $model --threads $threads --peer $peer -q
  done
done
printf '\n== weyl bench conv --threads 1 --peer %s\n' $peer
"$weyl" bench conv --threads 1 --peer $peer -q
