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
  "$program" -max_total_time="$seconds" -print_final_stats=0 -verbosity=0 -artifact_prefix="$found/" "$found" "$corpus"
done
echo "no crash"
