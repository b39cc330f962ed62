#!/bin/sh
# Molecular dynamics of the four molecules of the EqMotion paper by xtb (Debian package xtb; S. Grimme's group,
# LGPL-3.0-or-later): GFN2-xTB at 500 K, step 0.5 fs, a frame each 10 fs (20 steps), as MD17 is spaced when windows of it
# are made.  Start geometries are idealised (bonds and angles of textbooks), optimised first; the first 2 ps are left out.
# One thread, one molecule after another: some two core-hours for 100 ps of all four, most of it aspirin.
#   tools/molecules.sh BUILD FOLDER [PICOSECONDS [MOLECULE...]]
# Writes FOLDER/MOLECULE.npz (R in angstrom [frames, atoms, 3], z, dt in fs), to be read by the set `molecules`.
set -eu
weyl=$(cd "$1" && pwd)/weyl
mkdir -p "$2"
folder=$(cd "$2" && pwd)
picoseconds=${3:-100}
[ $# -lt 3 ] && shift 2 || shift 3
[ $# -gt 0 ] || set -- ethanol malonaldehyde benzene aspirin
command -v xtb >/dev/null || { echo "xtb is not installed (Debian: apt install xtb)" >&2; exit 5; }
skip=200 # frames: 2 ps from the optimised geometry to 500 K
OMP_NUM_THREADS=1
OMP_STACKSIZE=1G
export OMP_NUM_THREADS OMP_STACKSIZE

atoms() {
  case $1 in
    ethanol) cat <<'XYZ'
C   0.000  0.000  0.000
C   1.520  0.000  0.000
O   1.997  1.348  0.000
H  -0.364  0.514 -0.890
H  -0.364 -1.027  0.000
H  -0.364  0.514  0.890
H   1.884 -0.514  0.890
H   1.884 -0.514 -0.890
H   2.957  1.348  0.000
XYZ
    ;;
    malonaldehyde) cat <<'XYZ' # the dialdehyde, two rotors, as in MD17
C   0.000  0.000  0.000
C   1.510  0.000  0.000
C  -0.504  1.423  0.000
O   2.115 -0.524  0.907
O  -1.200  1.819 -0.907
H  -0.364 -0.514 -0.890
H  -0.364 -0.514  0.890
H   2.055  0.472 -0.818
H  -0.241  2.095  0.818
XYZ
    ;;
    benzene) cat <<'XYZ'
C   1.400  0.000  0.000
C   0.700  1.212  0.000
C  -0.700  1.212  0.000
C  -1.400  0.000  0.000
C  -0.700 -1.212  0.000
C   0.700 -1.212  0.000
H   2.480  0.000  0.000
H   1.240  2.148  0.000
H  -1.240  2.148  0.000
H  -2.480  0.000  0.000
H  -1.240 -2.148  0.000
H   1.240 -2.148  0.000
XYZ
    ;;
    aspirin) cat <<'XYZ'
C   0.000  0.000  0.000
C   1.400  0.000  0.000
C   2.100  1.212  0.000
C   1.400  2.425  0.000
C   0.000  2.425  0.000
C  -0.700  1.212  0.000
C  -0.745 -1.290  0.000
O  -1.965 -1.290  0.000
O  -0.070 -2.460  0.000
O   2.095 -1.204  0.000
C   2.595 -1.652 -1.183
O   2.429 -1.008 -2.193
C   3.357 -2.955 -1.234
H   3.190  1.212  0.000
H   1.945  3.369  0.000
H  -0.545  3.369  0.000
H  -1.790  1.212  0.000
H  -0.700 -3.197  0.000
H   2.714 -3.767 -0.896
H   3.678 -3.148 -2.258
H   4.232 -2.891 -0.587
XYZ
    ;;
    *) echo "no geometry for $1: there are ethanol, malonaldehyde, benzene and aspirin" >&2; exit 2 ;;
  esac
}

for molecule; do
  atoms "$molecule" >/dev/null
done
for molecule; do
  work=$folder/$molecule.work
  mkdir -p "$work"
  cd "$work"
  atoms "$molecule" > atoms
  { wc -l < atoms; echo "$molecule"; cat atoms; } > start.xyz
  xtb start.xyz --gfn 2 --opt > opt.log 2>&1
  # hydrogens of their own mass and free bonds: what xtb sets otherwise is for longer steps
  cat > md.inp <<MD
\$md
   temp=500
   time=$((picoseconds + 2))
   step=0.5
   dump=10
   hmass=1
   shake=0
   nvt=true
   velo=false
\$end
MD
  xtb xtbopt.xyz --gfn 2 --md --input md.inp > md.log 2>&1
  lines=$(($(wc -l < atoms) + 2))
  tail -n +$((skip * lines + 1)) xtb.trj > "$molecule.xyz"
  "$weyl" data convert "$molecule.xyz" --out "$folder/$molecule.npz" --time-step 10
  cd "$folder"
done
