#!/bin/sh
# Runs a test program with the kernels of one instruction set; 77 (skipped) where the CPU lacks it.
#   tests/isa.sh PROBE ISA PROGRAM
if ! "$1" "$2"; then
  echo "skipped: this CPU has no $2"
  exit 77
fi
WEYL_ISA=$2 exec "$3"
