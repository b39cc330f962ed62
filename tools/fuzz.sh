#!/bin/sh
# Runs every libFuzzer target of a build folder for some seconds, from the corpus of the sources.
#   tools/fuzz.sh BUILD SECONDS
set -eu
build=$1 seconds=$2
for corpus in tests/fuzz/corpus/*/; do
  name=$(basename "$corpus")
  program=$build/tests/fuzz_$name
  [ -x "$program" ] || continue
  found=$build/fuzz/$name
  mkdir -p "$found"
  echo "fuzz $name, $seconds s"
  if ! "$program" -max_total_time="$seconds" -verbosity=0 -artifact_prefix="$found/" "$found" "$corpus" > "$found.log" 2>&1; then
    cat "$found.log"
    echo "fuzz: $name failed; the input lies in $found" >&2
    exit 1
  fi
done
echo "no crash"
