# The mathematics at the prompt.
weyl group list | head -n 3
weyl group info "E(3) x S(n)"
weyl group check "E(3) x S(n)" --count 50 > check; echo "exit $?"; tail -n 1 check
for name in "SO(2)" "SE(3)" "O(4)" "T(3)" "S(5)" C4 D6 Z2 BMS3; do
  weyl group check "$name" --count 20 --json | json_check --get result.verdict
done
weyl group basis "SO(3)" | sed "s/ to [0-9].*//"
weyl group basis "SE(3)" --json > basis.json
for key in result.name result.rank result.shape result.basis; do json_check --get $key < basis.json; done
weyl group sample "S(5)" --count 2 --seed 3 > one
weyl group sample "S(5)" --count 2 --seed 3 > two
cmp one two && echo "same seed, same elements"
weyl group sample "SO(3)" --json | json_check result.elements.2.8 weyl command options.points seed threads isa seconds peak_rss_mib && echo "json good"
