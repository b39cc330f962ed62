# Wrong usage: what is wrong, what was meant, exit status 2.
exec 2>&1
code weyl trian
code weyl --verbose
code weyl train
code weyl train nbdy
code weyl train nbody --model egn
code weyl train nbody --model transformer
code weyl train nbody --epocs 3
code weyl train nbody --epochs three
code weyl train nbody --epochs -1
code weyl train nbody --optimiser adan
code weyl train nbody --set hiden=8
code weyl train nbody --set hidden
code weyl train nbody --set
code weyl train nbody --symmetry "frame:Q(3)"
code weyl train nbody --seed
code weyl train nbody more
code weyl audit
code weyl audit run --inputs 0
code weyl predict run
code weyl group inf "SO(3)"
code weyl group info
code weyl group info "SO(3"
code weyl group info "E(99)"
code weyl data make
code weyl data make nbdy
code weyl data info nbdy
code weyl data fetch md17
code weyl reproduce
code weyl reproduce frame-averging
code weyl reproduce frame-averaging --quick --full
code weyl version -x
code weyl help trai
echo "=== with --json, on standard output alone"
weyl train nbody --epocs 3 --json 2>/dev/null > error.json
echo "exit $?"
json_check weyl command options seed threads isa seconds peak_rss_mib error.status error.message error.place < error.json && echo "json good"
json_check --get error.status < error.json
json_check --get error.message < error.json
json_check --get error.place < error.json
weyl trian --json 2>/dev/null | json_check --get error.status
