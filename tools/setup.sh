#!/bin/sh
# Installs the Debian packages that weyl needs and this machine lacks; does nothing when nothing is missing.
#   tools/setup.sh [EXTRA PACKAGE...]     for example: tools/setup.sh libdnnl-dev libcurl4-openssl-dev
set -eu

packages="gcc g++ make cmake ninja-build pkg-config git libc6-dev libcmocka-dev libopenblas-serial-dev liblapacke-dev \
libsleef-dev librandom123-dev libjansson-dev libinih-dev libhdf5-dev libzip-dev zlib1g-dev liblzma-dev libpng-dev libssl-dev gnuplot-nox $*"

if ! command -v dpkg-query >/dev/null 2>&1; then
  echo "setup: this is not Debian; weyl needs what these packages hold:" $packages >&2
  exit 5
fi

has() { # a package, or another that stands in for it
  dpkg-query -W -f='${db:Status-Status}\n' "$1" 2>/dev/null | grep -q '^installed$' && return 0
  case $1 in
    libopenblas-serial-dev) has libopenblas-dev || has libopenblas-pthread-dev || has libopenblas-openmp-dev ;;
    gnuplot-nox) has gnuplot-qt || has gnuplot-x11 ;;
    pkg-config) has pkgconf ;;
    *) return 1 ;;
  esac
}

missing=""
for p in $packages; do has "$p" || missing="$missing $p"; done
[ -n "$missing" ] || exit 0

echo "setup: installing$missing"
sudo=""
if [ "$(id -u)" -ne 0 ]; then
  sudo=sudo
  command -v sudo >/dev/null 2>&1 || { echo "setup: not root and no sudo; as root: apt-get install$missing" >&2; exit 5; }
fi
$sudo env DEBIAN_FRONTEND=noninteractive apt-get update -qq
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
