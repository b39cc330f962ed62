# Irreps, harmonics and couplings at the prompt.
weyl irrep info "16x0e + 8x1o"
weyl irrep info ""
weyl irrep sh --l 3 --at 0.3,-0.5,0.8 --axes standard
weyl irrep sh --l 1 --at 1,2,2 --norm norm --gradient
weyl irrep wigner-d --l 2 --euler 0.3,0.7,-1.1
weyl irrep wigner-d --l 1 --axis 0,1,0 --angle 0.5 --axes standard
weyl irrep 3j 1 1 2
weyl irrep gaunt 2 2 0
weyl irrep gaunt 1 1 1
weyl irrep poisson 1 1 1
weyl irrep product "1x1o" "1x1o"
weyl irrep product "2x0e+3x1o" "4x1e+5x2o" --l-max 2
weyl irrep convention --to molden --l 1
weyl irrep 3j 2 2 2 --gauge e3nn --json | json_check --get result.couplings.0.value
weyl irrep info "1o+2e" --json | json_check result.irreps result.blocks.1.l result.dimension && echo "json good"
weyl irrep product 1o 1o --json | json_check result.paths.2.couplings result.irreps && echo "json good"
echo "=== wrong usage"
exec 2>&1
code weyl irrep info "16x0e+8x"
code weyl irrep info "1x65e"
code weyl irrep info
code weyl irrep inf 1o
code weyl irrep sh --l 3
code weyl irrep sh --l 70 --at 0,0,1
code weyl irrep sh --at 1,2
code weyl irrep sh --at ""
code weyl irrep sh --at 1,2,z
code weyl irrep sh --at 1,2,3,4
code weyl irrep wigner-d
code weyl irrep wigner-d --euler 1,2,3 --quaternion 1,0,0,0
code weyl irrep wigner-d --quaternion 0,0,0,0
code weyl irrep 3j 1 1
code weyl irrep 3j 1 1 1.5
code weyl irrep gaunt 1 1 65
code weyl irrep product 1o
code weyl irrep product 1o 1p
code weyl irrep sh more --at 0,0,1
code weyl irrep convention --to e3
