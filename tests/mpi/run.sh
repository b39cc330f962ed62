#!/bin/sh
# One test of training on several processes: runs NAME.sh in an empty folder; it must end with status 0.
#   tests/mpi/run.sh WEYL JSON_CHECK NAME.sh
# In the script: weyl, json_check, on N COMMAND... (mpirun), die MESSAGE, $small (options of a tiny run).
set -u
absolute() { case $1 in /*) echo "$1" ;; *) echo "$PWD/$1" ;; esac; }
weyl=$(absolute "$1") json=$(absolute "$2") script=$(absolute "$3")
command -v mpirun > /dev/null || { echo "skipped: mpirun is not there (apt install openmpi-bin)"; exit 77; }
mpirun --version | grep -q 'Open MPI' || { echo "skipped: mpirun is not Open MPI's"; exit 77; }
[ -f "$(dirname "$weyl")/lib/weyl/weyl-mpi.so" ] ||
  { echo "skipped: weyl was built without its module for MPI (apt install libopenmpi-dev)"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/here"
ln -s "$weyl" "$work/bin/weyl"
ln -s "$json" "$work/bin/json_check"
cat > "$work/bin/on" <<'END'
#!/bin/sh
# more processes than cores, and root in containers, are fine for a test; a busy machine may take long to stop
n=$1
shift
exec timeout 100 mpirun --allow-run-as-root --oversubscribe --mca odls_base_sigkill_timeout 20 -n "$n" "$@"
END
chmod +x "$work/bin/on"
PATH=$work/bin:$PATH
LC_ALL=C.UTF-8 TERM=dumb
export PATH LC_ALL TERM
cd "$work/here" || exit 2
{
  echo 'die() { echo "$*"; exit 1; }'
  echo 'small="--set train=60 --set valid=20 --set test=20 --set batch=20 --set eval_every=1 --hidden 16 --seed 5"'
  cat "$script"
} > "$work/script"
sh "$work/script" < /dev/null
