# Noether's theorem: problems, currents, all symmetries, charges along motion, recorded motion, and what is refused.
weyl noether list
weyl noether list kepler
weyl noether check kepler | sed 's/[0-9.]*e-1[5-9]/small/'
weyl noether check kepler --json | json_check result.generators.3.current.t_latex result.generators.0.residual && echo "json good"
code weyl noether check free-particle --generator 'x = x^2'
weyl noether check free-particle --generator 'x = x^2' --json > no.json; echo "exit $?"
json_check --get result.generators.0.remainder.x < no.json
json_check --get result.verdict < no.json
code weyl noether check kdv --generator 't = t'
weyl noether current free-particle --generator boost | grep -v random
weyl noether current kdv-potential --generator time --latex | grep 'J^[tx]'
weyl noether current free-particle --generator "x = x'''" | grep trivial:
weyl noether find free-particle
weyl noether find kdv --json | json_check --get result.count
weyl noether find kepler --order 1 | tail -1
weyl noether find oscillator --parameters 'w = 2' | tail -1
weyl noether verify kepler --time 5 --out motion.npz
weyl noether verify sine-gordon --method gauss6 --time 2 --json | json_check --get result.charges.0.holds
weyl noether measure motion.npz --problem kepler | sed 's/  *[^ ]*e-1[0-9]  */ small /g; s/  *rounding/ small/g'
cat > spring.txt << 'END'
independent: t
fields: x, y
parameters: k = 3     # stiffness
lagrangian: (x'^2 + y'^2)/2 - k*(x - y)^2/2
generator shift: x = 1, y = 1
generator time: t = 1
initial: x = 1, y_t = 1/2
END
weyl noether check spring.txt | sed 's/[0-9.]*e-1[5-9]/small/'
weyl noether verify spring.txt --time 2 --out spring.csv
head -1 spring.csv
weyl data make nbody --seed 43 --trajectories --set train=40 --set valid=1 --set test=1 --out nbody.npz > none
weyl noether measure nbody.npz --dt 0.1 --quantity 'p: m*vx; kinetic: m*(vx^2 + vy^2 + vz^2)/2; Coulomb: 0 | q1*q2/r' --tolerance 0.01
weyl noether measure nbody.npz --dt 0.1 --json | json_check result.quantities.0.ratio result.combinations && echo "json good"
echo "=== wrong usage"
exec 2>&1
code weyl noether
code weyl noether prove kepler
code weyl noether check
code weyl noether check keplr
code weyl noether check none.txt
code weyl noether check kepler --generator turn
code weyl noether check kepler --generator 'x = y +'
code weyl noether check kepler --generator 'q = 1'
code weyl noether check kepler --parameters 'g = 1'
code weyl noether check kepler --parameters 'k'
code weyl noether current kdv
code weyl noether verify kdv
code weyl noether verify wave-2d
code weyl noether verify kepler --generator 'x = 1'
code weyl noether verify kepler --step 9
code weyl noether find kepler --plot x.svg
code weyl noether verify kepler --plot x.txt
printf 'independent: t\nfields: x\nlagrangian: x_t^2/2 - k*x^2\n' > bad.txt
code weyl noether check bad.txt
printf 'independent: t\nfields: x\nlagrangian: (x_t^2/2\n' > bad.txt
code weyl noether check bad.txt
printf 'independent: t\nfields: x\nlagrangain: x_t^2/2\n' > bad.txt
code weyl noether check bad.txt
code weyl noether measure motion.npz
code weyl noether measure motion.npz --problem wave
code weyl noether measure nbody.npz --quantity 'm*vw'
code weyl noether measure none.npz
