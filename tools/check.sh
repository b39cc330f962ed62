#!/bin/sh
# Runs the tests of a build folder and closes with their number: N passed, N failed, N skipped.
#   tools/check.sh BUILD [arguments of ctest]
set -u
build=$1
shift
report=$(cd "$build" && pwd)/check.xml
rm -f "$report"
ctest --test-dir "$build" --output-on-failure --no-tests=error --parallel "${CMAKE_BUILD_PARALLEL_LEVEL:-2}" --output-junit "$report" "$@"
status=$?
head=$(tr '\n' ' ' < "$report" 2>/dev/null | sed 's/<testcase.*//')
number() { n=$(printf '%s' "$head" | sed -n "s/.*[ \t]$1=\"\([0-9]*\)\".*/\1/p"); echo "${n:-0}"; }
all=$(number tests) failed=$(number failures) skipped=$(($(number skipped) + $(number disabled)))
grep '^skipped: ' "$build/Testing/Temporary/LastTest.log" 2>/dev/null | sort | uniq -c | sed 's/^ *\([0-9]*\) \(.*\)/\2 (\1 tests)/'
echo "$((all - failed - skipped)) passed, $failed failed, $skipped skipped"
exit $status
