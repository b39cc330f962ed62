# 1, 2 and 4 ranks write the bytes of one process; rank 0 alone speaks; what cannot be is refused in one sentence.
ends_with() { [ "$1" -eq "$2" ] || die "$3: exit $2, expected $1: $(cat err)"; }
weyl train nbody --model egnn $small --epochs 3 --out one > /dev/null 2>&1 || die "one process: exit $?"
for n in 1 2 4; do
  on $n weyl train nbody --model egnn $small --epochs 3 --out r$n --json > $n.json 2> $n.err || die "$n ranks: exit $?: $(cat $n.err)"
  for file in model.safetensors state.safetensors config.ini; do cmp one/$file r$n/$file || die "$n ranks: $file differs"; done
  json_check result.run result.test.mse < $n.json || die "$n ranks: standard output is not one object"
  [ ! -s $n.err ] || die "$n ranks said: $(cat $n.err)"
done
grep -q '"ranks": 4' r4/metrics.json || die "metrics.json does not say how many ranks there were"
weyl train nbody --model egnn $small --epochs 3 --out forced --mpi > /dev/null 2>&1 || die "--mpi: exit $?"
cmp one/model.safetensors forced/model.safetensors || die "--mpi: the model differs"

# a model that averages over frames, and more than one epoch between evaluations
weyl train nbody --model fa-gnn $small --epochs 2 --set eval_every=2 --hidden 12 --layers 2 --out fa1 > /dev/null 2>&1
on 2 weyl train nbody --model fa-gnn $small --epochs 2 --set eval_every=2 --hidden 12 --layers 2 --out fa2 > /dev/null 2>&1 || die "fa-gnn: exit $?"
cmp fa1/model.safetensors fa2/model.safetensors || die "fa-gnn: the model differs"

on 3 weyl train nbody --model egnn $small --epochs 3 --out r3 > out 2> err
ends_with 2 $? "3 ranks"
[ "$(grep -c 'one of: 1, 2, 4' err)" = 1 ] || die "3 ranks: $(cat err)"
[ ! -e r3 ] || die "3 ranks left a folder"
on 2 weyl train nbody --model egnn $small --rate 1000 --set optimiser=sgd --epochs 3 --out wild > out 2> err
ends_with 4 $? "numbers that fail"
[ "$(grep -c 'NaN' err)" = 1 ] || die "numbers that fail: $(cat err)"

mkdir none
WEYL_MODULES=$PWD/none on 2 weyl train nbody --model egnn $small --epochs 3 --out without > out 2> err
ends_with 5 $? "without the module"
[ "$(grep -c 'apt install' err)" = 1 ] || die "without the module: $(cat err)"
WEYL_MODULES=$PWD/none weyl train nbody --model egnn $small --epochs 3 --out alone > /dev/null 2>&1 || die "one process without the module: exit $?"
