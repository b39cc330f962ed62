#!/bin/sh
# One golden test of the command: runs NAME.sh in an empty folder and compares its standard output with NAME.stdout and
# its exit status with NAME.exit (0 when there is none).
#   tests/cli/run.sh WEYL JSON_CHECK NAME.sh       UPDATE=1 rewrites the two files
# In the script: weyl, json_check (JSON on standard input), code COMMAND... (prints the exit status), $SOURCE, $TESTS.
set -u
weyl=$1 json=$2 script=$3
absolute() { case $1 in /*) echo "$1" ;; *) echo "$PWD/$1" ;; esac; }
weyl=$(absolute "$weyl") json=$(absolute "$json") script=$(absolute "$script")
for program in "$weyl" "$json"; do
  [ -x "$program" ] || { echo "$program is not there: build the targets weyl and json_check"; exit 2; }
done
name=${script%.sh}
TESTS=$(cd "$(dirname "$script")/.." && pwd)
SOURCE=$(cd "$TESTS/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/here"
ln -s "$weyl" "$work/bin/weyl"
ln -s "$json" "$work/bin/json_check"
printf '#!/bin/sh\n"$@"\necho "exit $?"\n' > "$work/bin/code"
chmod +x "$work/bin/code"
PATH=$work/bin:$PATH
LC_ALL=C.UTF-8 TERM=dumb NO_COLOR=1
export PATH TESTS SOURCE LC_ALL TERM NO_COLOR
cd "$work/here" || exit 2
sh "$script" > "$work/stdout" 2> "$work/stderr" < /dev/null
status=$?
if [ $status -eq 77 ]; then # skipped, aloud
  cat "$work/stdout"
  exit 77
fi
if [ "${UPDATE:-0}" = 1 ]; then
  [ $status -ne 127 ] || { cat "$work/stderr"; echo "a program was not found: nothing recorded"; exit 1; }
  cp "$work/stdout" "$name.stdout"
  rm -f "$name.exit"
  [ $status -eq 0 ] || echo $status > "$name.exit"
  echo "rewrote $name.stdout"
  exit 0
fi
wanted=0
[ ! -f "$name.exit" ] || wanted=$(cat "$name.exit")
good=0
if ! diff -u "$name.stdout" "$work/stdout"; then good=1; fi
if [ "$status" -ne "$wanted" ]; then echo "exit status $status, expected $wanted"; good=1; fi
[ $good -eq 0 ] || { echo "standard error was:"; cat "$work/stderr"; echo "(UPDATE=1 rewrites the expected output)"; }
exit $good
