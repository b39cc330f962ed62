# What the program is made of.
weyl version | cut -c 1-16 | head -n 10
weyl --version | head -n 1
weyl version --json > version.json
json_check weyl command options seed threads isa seconds peak_rss_mib result.blas_core result.compiler result.hdf5 result.gnuplot < version.json &&
  echo "json good"
WEYL_ISA=base weyl version --json | json_check --get isa
weyl version --threads 3 --json | json_check --get threads
