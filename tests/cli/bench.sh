# weyl bench: what is refused, and the keys of --json. Timings are never recorded.
exec 2>&1
code weyl bench
code weyl bench tran
code weyl bench train --model egn
code weyl bench train --peer pytorch
code weyl bench train --set hiden=8
code weyl bench train --batch 0
code weyl bench machine --batch 3
code weyl bench engine --peer torch
code weyl bench conv --batch 0
code weyl bench conv --set hidden=3
code weyl bench tp --L 6-1
code weyl bench tp --method fourier
code weyl bench tp --method grid --L 1
code weyl bench tp --product odd
code weyl bench many --order 5
code weyl bench many --peer torch
echo "=== a step, without and with a peer that is not there"
keys="result.ms_per_step result.cpu_ms_per_step result.best_ms_per_step result.best_cpu_ms_per_step result.gflops \
result.gemm_peak_gflops result.fraction result.peer result.ratio result.best_ratio result.parameters result.batch \
result.flops result.steps result.phases result.shards result.workspace seed threads isa"
weyl bench train --model egnn --batch 4 --threads 1 --seconds 0.05 --set hidden=8 --json > one.json 2>/dev/null
echo "exit $?"
json_check $keys < one.json && echo "json good"
json_check --get result.batch < one.json
WEYL_PEERS=/nowhere weyl bench train --model egnn --batch 4 --threads 2 --seconds 0.05 --peer torch --json > two.json 2> notes
echo "exit $?"
json_check $keys result.one_thread.cpu_ms_per_step result.scaling.wall < two.json && echo "json good"
json_check --get result.parameters < two.json
json_check --get result.peer < two.json
cat notes
weyl bench train --model small-cnn --batch 2 --threads 1 --seconds 0.001 2> /dev/null | sed -n 1p
echo "=== the rest"
weyl bench engine --seconds 0.001 --json 2>/dev/null |
  json_check result.peak_gflops result.gemm.0.fraction result.gemm_least_fraction && echo "json good"
weyl bench conv --batch 1 --threads 1 --seconds 0.001 --json 2>/dev/null |
  json_check result.peak_gflops result.rows.0.gflops result.rows.26.fraction result.step_cpu_ms && echo "json good"
weyl bench tp --L 1-2 --channels 8 --batch 4 --seconds 0.001 --json 2>/dev/null |
  json_check result.peak_gflops result.rows.0.best_ns result.rows.7.share result.rows.7.ops && echo "json good"
weyl bench tp --product gaunt --method all --L 1 --channels 8 --batch 4 --seconds 0.001 --json 2>/dev/null |
  json_check result.bandwidth_gbs result.rows.0.chosen result.rows.11.memory_share && echo "json good"
weyl bench tp --tune --L 1 --channels 8 --batch 4 --seconds 0.001 2>/dev/null | sed 's/(.*, \(F..\), \([A-Z]*\), 1, .*/ \1 \2/; s/EDGE(.*, \(F..\), .*/EDGE \1/'
weyl bench many --L 1 --L_out 1 --channels 8 --batch 4 --seconds 0.001 --json 2>/dev/null |
  json_check result.peak_gflops result.rows.0.weights result.rows.7.share && echo "json good"
weyl bench edge --atoms 4 --edges 9 --channels 8,20 --seconds 0.001 --json 2>/dev/null |
  json_check result.peak_gflops result.rows.0.best_us result.rows.7.share result.rows.7.ops && echo "json good"
weyl bench edge --atoms 4 --edges 9 --channels 8 --L 1-2 --seconds 0.001 --json 2>/dev/null |
  json_check result.peak_gflops result.rows.0.best_ns result.rows.19.share result.rows.19.faster_than_tables && echo "json good"
weyl bench sh --L 2-3 --points 1000 --threads 1 --seconds 0.001 --json 2>/dev/null |
  json_check result.store_gbs result.rows.0.gbs result.rows.3.weyl.best_cpu_ms && echo "json good"
weyl bench gaunt --L 2 --channels 16 --batch 2 --threads 1 --seconds 0.001 --json 2>/dev/null |
  json_check result.rows.0.ns result.rows.3.fraction result.rows.11.operations && echo "json good"
code weyl bench sh --L 0-3
code weyl bench gaunt --L 9-8
code weyl bench edge --channels 64,x
code weyl bench edge --L 2-9
code weyl bench edge --peer torch
