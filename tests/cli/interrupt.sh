# Ctrl-C: finishes the step, saves, exit status 130; --resume ends with the same bytes as a run that was let alone.
small="--set train=200 --set valid=20 --set test=20 --set batch=20 --hidden 16 --epochs 30 --seed 5"
weyl train nbody --model egnn $small --out whole > /dev/null
(trap - INT; exec weyl train nbody --model egnn $small --out parts > /dev/null 2> message) &
pid=$!
while [ ! -s parts/log.jsonl ]; do kill -0 $pid || break; sleep 0.02; done
sleep 0.1
kill -INT $pid
wait $pid
echo "exit $?"
grep -c -- --resume message
weyl eval parts > /dev/null && echo "what was saved can be used"
weyl train nbody --model egnn $small --out parts --resume > /dev/null; echo "exit $?"
cmp whole/model.safetensors parts/model.safetensors && echo "same bytes"
