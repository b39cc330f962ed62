# Monte Carlo on several processes: the bytes of one, and rank 0 alone speaks.
same() { # NAME RANKS: the files and the output of one process, but for seconds and memory
  cmp one.out "$2.out" || die "$1: $2 ranks print something else"
  cmp one.csv "$2.csv" || die "$1: $2 ranks write something else"
}
for covariance in diffusion:2 random-acceleration; do
  simulate="weyl persist simulate --covariance $covariance --level 0.5 --intervals 2000 --points 16384 --threads 1"
  $simulate --out one.csv > said || die "persist: exit $?"
  grep -v 'one.csv' said > one.out
  for n in 2 3; do
    on $n $simulate --out $n.csv > said 2> err || die "persist: $n ranks: exit $?: $(cat err)"
    [ ! -s err ] || die "persist: $n ranks said: $(cat err)"
    grep -v "$n.csv" said > $n.out
    same "persist $covariance" $n
  done
done
curve="weyl sem curve --nodes 6 --trials 5 --threads 1"
$curve --out one.csv > said || die "sem: exit $?"
grep -v 'one.csv' said > one.out
for n in 2 3; do
  on $n $curve --out $n.csv > said 2> err || die "sem: $n ranks: exit $?: $(cat err)"
  [ ! -s err ] || die "sem: $n ranks said: $(cat err)"
  grep -v "$n.csv" said > $n.out
  same "sem curve" $n
done
