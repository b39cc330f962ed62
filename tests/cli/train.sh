# A small run from training to prediction, each step by its keys and exit status.
small="--set train=60 --set valid=20 --set test=20 --set batch=20"
weyl train nbody --model egnn $small --hidden 16 --epochs 2 --seed 5 --threads 2 --out run > table 2> progress
echo "exit $?"
sed -n '1s/[0-9]*:[0-9]* in all/TIME/p; 3,4p; $p' table | sed 's/ *$//' | sed 's/-\{3,\} *//g'
cat progress
ls run
weyl train nbody $small --out run 2>&1; echo "exit $?"
weyl train nbody --model egnn $small --hidden 16 --epochs 2 --seed 5 --threads 1 --out again --json > train.json
json_check weyl command options.set.epochs options.arguments.0 seed threads isa seconds peak_rss_mib result.task result.model result.symmetry \
  result.params result.epochs result.train_loss result.valid.mse result.test.mse result.test.mae result.best_epoch result.run \
  result.seconds_per_epoch < train.json && echo "json good"
json_check --get options.set.hidden < train.json
cmp run/model.safetensors again/model.safetensors && echo "same bytes on one thread and on two"
weyl train nbody --model egnn $small --hidden 16 --epochs 1 --seed 5 --out parts > /dev/null
weyl train nbody --model egnn $small --hidden 16 --epochs 2 --seed 5 --out parts --resume > /dev/null
cmp run/model.safetensors parts/model.safetensors && echo "same bytes when resumed"
echo "=== eval"
weyl eval run | sed -n '1p'
weyl eval run --json > eval.json
json_check result.test.mse result.samples < eval.json && json_check --get result.samples < eval.json
[ "$(json_check --get result.test.mse < eval.json)" = "$(json_check --get result.test.mse < train.json)" ] && echo "as in training"
weyl eval run --split valid --json | json_check result.valid.mse && echo "json good"
weyl eval run --set rotate_test=yes --json | json_check --get options.set.rotate_test
weyl eval run --set rotate=yes 2>&1; echo "exit $?"
echo "=== audit"
weyl audit run --inputs 20 > audit; echo "exit $?"
sed -n '1p;$p' audit
weyl audit run --inputs 20 --json > audit.json
json_check result.checks.0.group result.checks.0.dtype result.checks.0.mean result.checks.0.max result.checks.0.tolerance result.checks.0.expected \
  result.checks.0.holds result.verdict < audit.json && echo "json good"
json_check --get result.checks < audit.json
weyl train nbody --model gnn $small --hidden 16 --epochs 1 --out plain > /dev/null
weyl audit plain --inputs 20 --json > audit.json; echo "exit $?"
for key in checks.0.group checks.0.expected checks.0.holds checks.2.group checks.2.expected checks.2.holds verdict; do
  json_check --get result.$key < audit.json
done
weyl audit plain --inputs 20 --group "S(n)" | tail -n 1
weyl train nbody --model gnn --symmetry "frame:E(3)" $small --hidden 16 --epochs 1 --out framed > /dev/null
weyl audit framed --inputs 20 --json > audit.json; echo "exit $?"
json_check --get result.checks.0.expected < audit.json
json_check result.smallest_gap < audit.json && echo "gap printed"
echo "=== explain"
weyl explain run --brief | sed 's/[0-9.]\+/N/g; s/N [kMG]/N /g'
weyl explain run --json | json_check result.steps result.flops result.bytes result.workspace result.nodes_before result.nodes_after && echo "json good"
weyl explain run | grep -c '^phase'
echo "=== report"
weyl report run --json > report.json; echo "exit $?"
json_check result.page result.pictures result.test.mse < report.json && echo "json good"
grep -c '<!DOCTYPE html>' run/report.html
grep -o '<h2>[^<]*' run/report.html
grep -c '<script' run/report.html
echo "=== predict"
step=10
while [ $step -lt 90 ]; do
  printf '3\nProperties=species:S:1:pos:R:3\nH 0 0 0.%d\nO 0 0.%d 1\nH 1 0 0\n' $step $step
  step=$((step + 1))
done > motion.extxyz
weyl train dynamics --data motion.extxyz --set horizon=2 --set hidden=8 --epochs 1 --set batch=4 --out moving > /dev/null 2>&1; echo "exit $?"
weyl predict moving --in motion.extxyz --out later.extxyz
weyl predict moving --in later.extxyz --out later.npz --json | json_check result.samples result.horizon && echo "json good"
weyl data info later.extxyz
printf '1\nProperties=species:S:1:pos:R:3\nC 0 0 0\n1\nProperties=species:S:1:pos:R:3\nC 0 0 0\n' > other.extxyz
weyl predict moving --in other.extxyz --out x.npz 2>&1; echo "exit $?"
echo "=== motion"
awk 'BEGIN {
  for (l = 0; l < 400; l++)
    for (k = 0; k < 99; k++) printf "%.3f%s", ((l * (k % 5 + 1) + 7 * k) % 40) * 0.02, k < 98 ? "," : "\n"
}' > S1_walk.txt
weyl train skeleton --model last-position --data S1_walk.txt --out still --json > still.json
weyl train skeleton --model last-position --data S1_walk.txt --horizons 40,200,440 --out some | sed -n 's/^\(error at [0-9]* ms\).*/\1/p'
weyl train skeleton --model last-position --data S1_walk.txt --horizons soon --out none 2>&1; echo "exit $?"
weyl data make skeleton --data S1_walk.txt --out poses.npz > /dev/null
weyl train motion --model last-position --data poses.npz --out windows --json > poses.json
for key in FDE ADE "error at 80 ms" "error at 160 ms" "error at 320 ms" "error at 400 ms"; do
  json_check "result.test.$key" < poses.json &&
    [ "$(json_check --get "result.test.$key" < poses.json)" = "$(json_check --get "result.test.$key" < still.json)" ] && echo "$key: as without the npz"
done
weyl predict windows --in poses.npz --out futures.npz
