#!/bin/sh
# The demonstration: charged particles in space, the same graph network with and without symmetry, what each obeys, and a
# page of pictures. A few minutes on two cores.
#   tools/demo.sh BUILD
set -eu
weyl=$(cd "$1" && pwd)/weyl
out=${DEMO:-runs/demo}
epochs=${DEMO_EPOCHS:-40}
rm -rf "$out"
mkdir -p "$out"

say() { printf '\n$ weyl %s\n' "$*"; }
field() { sed -n "s/.*\"$2\": {[^}]*\"mse\": \([-0-9.e+]*\).*/\1/p" "$1"; }

train() { # NAME, then what weyl train takes
  name=$1
  shift
  say train nbody "$@" --epochs "$epochs" --out "$out/$name"
  "$weyl" train nbody "$@" --epochs "$epochs" --out "$out/$name" --json > "$out/$name.json"
  printf 'test error (mse) %s\n' "$(field "$out/$name.json" test)"
}

echo "Five charged particles: where are they one unit of time later? 3000 examples to learn from, $epochs passes."
train plain --model gnn
train framed --model gnn --symmetry "sfa:E(3)"
train egnn --model egnn

for name in plain framed egnn; do
  say eval "$out/$name" --set rotate_test=yes
  "$weyl" eval "$out/$name" --set rotate_test=yes --json > "$out/$name-turned.json"
done

printf '\n%-44s %12s %12s\n' "model" "test" "test, turned"
row() { printf '%-44s %12.5f %12.5f\n' "$2" "$(field "$out/$1.json" test)" "$(field "$out/$1-turned.json" test)"; }
row plain "graph network"
row framed "the same network, averaged over frames of E(3)"
row egnn "egnn, equivariant by construction"

say audit "$out/egnn"
"$weyl" audit "$out/egnn" && echo "as it should: egnn obeys E(3) to rounding"
say audit "$out/plain"
if "$weyl" audit "$out/plain"; then
  echo "demo: the plain network passed an audit that it must fail" >&2
  exit 1
fi
echo "as it should: the plain network does not know rotations (exit status 1)"
say report "$out/egnn"
"$weyl" report "$out/egnn"
echo
echo "open $out/egnn/report.html"
