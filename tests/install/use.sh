#!/bin/sh
# Installs into a folder and uses weyl from outside: by pkg-config (shared and static), by CMake, and the command.
#   tests/install/use.sh BUILD CC
set -eu
build=$1 cc=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --install "$build" --prefix "$work/usr" > "$work/log"
lib=$(dirname "$(find "$work/usr" -name weyl.pc)")
PKG_CONFIG_PATH=$lib
export PKG_CONFIG_PATH

cp "$here/use.c" "$here/CMakeLists.txt" "$work"
cd "$work"
$cc use.c -o by_pkgconfig $(pkg-config --cflags --libs weyl)
LD_LIBRARY_PATH=$(dirname "$lib") ./by_pkgconfig
$cc use.c -o by_static $(pkg-config --cflags weyl) "$(dirname "$lib")/libweyl.a" $(pkg-config --static --libs-only-l --libs-only-L weyl | sed 's/-lweyl / /') 
./by_static
cmake -S . -B by_cmake -DCMAKE_PREFIX_PATH="$work/usr" -DCMAKE_C_COMPILER="$cc" > log 2>&1 || { cat log; exit 1; }
cmake --build by_cmake > log 2>&1 || { cat log; exit 1; }
LD_LIBRARY_PATH=$(dirname "$lib") by_cmake/use
by_cmake/use_static

"$work/usr/bin/weyl" version > /dev/null
for page in weyl weyl-train weyl-audit; do
  [ -s "$work/usr/share/man/man1/$page.1" ] || { echo "no manual page of $page"; exit 1; }
done
[ -s "$work/usr/share/bash-completion/completions/weyl" ] || { echo "no completion"; exit 1; }
bash -n "$work/usr/share/bash-completion/completions/weyl"
"$work/usr/bin/weyl" reproduce --list --json | grep -q frame-averaging || { echo "no recipes"; exit 1; }
echo "installed weyl works"
