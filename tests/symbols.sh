#!/bin/sh
# The shared library exports weyl_* and nothing else.
#   tests/symbols.sh libweyl.so
others=$(nm -D --defined-only "$1" | awk '{print $3}' | grep -v '^weyl_')
if [ -n "$others" ]; then
  echo "exported, but not weyl_*:"
  echo "$others"
  exit 1
fi
count=$(nm -D --defined-only "$1" | grep -c ' weyl_')
echo "$count symbols, all weyl_*"
[ "$count" -gt 100 ]
