#!/bin/sh
# Lines run by the tests, folder by folder, from the counters of a coverage build.
#   tools/coverage.sh BUILD
set -eu
build=$1
find "$build" -name '*.gcda' ! -path '*_test.dir*' -print0 | xargs -0 gcov -n -r -s "$PWD" 2>/dev/null |
  awk '/^File .src\// {split($2, part, "/"); room = part[2]; sub(/\047.*/, "", room); next}
       /^File / {room = ""}
       /^Lines executed:/ && room != "" {split($2, p, /[:%]/); n = $4; seen[room] += n; hit[room] += n * p[2] / 100; room = ""}
       END {for (r in seen) {printf "%-10s %6.1f %% of %d lines\n", r, 100 * hit[r] / seen[r], seen[r]; a += seen[r]; h += hit[r]}
            if (a) printf "%-10s %6.1f %% of %d lines\n", "all", 100 * h / a, a}' | sort
