# Manual pages and completion come from the same tables.
for page in weyl train eval predict audit report reproduce explain data group irrep version help; do
  weyl help --man $page > page || echo "failed"
  head -n 1 page | cut -d ' ' -f 1-3
  grep -c '^\.SH' page
done
weyl help --man train | grep -A 1 'seed'
weyl help --completion > completion
bash -n completion && echo "the shell reads it"
cat > try.sh <<'T'
. ./completion
try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _weyl; echo "${COMPREPLY[*]}"; }
try weyl t
try weyl train n
try weyl train nbody --model e
try weyl train nbody --resu
try weyl group bas
try weyl data make nb
try weyl reproduce frame
try weyl help aud
T
bash try.sh
