# Ctrl-C stops all ranks after the same step and saves; a rank that is killed ends the run with that checkpoint whole;
# the run goes on each time on another number of ranks, and ends with the bytes of one that was let alone.
begin() { # N arguments: training in the background, until a line of the log is new
  n=$1
  shift
  lines=$(cat run/log.jsonl 2> /dev/null | wc -l)
  (trap - INT; exec on $n weyl train nbody --model egnn $small --epochs 1000000 --out run "$@" > out 2> err) &
  pid=$!
  waited=0
  while [ "$(cat run/log.jsonl 2> /dev/null | wc -l)" -le "$lines" ]; do
    kill -0 $pid 2> /dev/null || die "the run ended by itself: $(cat err)"
    [ $waited -lt 1500 ] || die "nothing is logged: $(cat err)"
    waited=$((waited + 1))
    sleep 0.02
  done
}
children() { # of process $1
  for status in /proc/[0-9]*/status; do
    awk -v parent="$1" '$1 == "Pid:" { pid = $2 } $1 == "PPid:" && $2 == parent { print pid }' "$status" 2> /dev/null
  done
}

begin 2
mpirun=$(children $pid)
kill -INT $mpirun
wait $pid && die "stopped, but exit status 0"
epoch=$(sed -n 's/.*stopped in epoch \([0-9]*\) .*/\1/p' err)
[ -n "$epoch" ] || die "no word of where it stopped: $(cat err)"
[ "$(grep -c -- --resume err)" = 1 ] || die "not one message: $(cat err)"

begin 4 --resume
mpirun=$(children $pid)
victim=$(children $mpirun | tail -n 1)
kill -9 $victim
wait $pid && die "a rank was killed, but exit status 0"
for rank in $(children $mpirun); do die "process $rank is still there"; done
weyl eval run > /dev/null 2>&1 || die "the model of the killed run cannot be read"

last=$((epoch + 2))
on 2 weyl train nbody --model egnn $small --epochs $last --out run --resume > /dev/null 2> err || die "resumed: exit $?: $(cat err)"
weyl train nbody --model egnn $small --epochs $last --out whole > /dev/null 2>&1
cmp whole/model.safetensors run/model.safetensors || die "the models differ"
