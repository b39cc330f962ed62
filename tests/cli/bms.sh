# Flat space: data, transformations, charges, algebra, orbits, bulk, matter, rays, vacua; and what is refused.
# Tables end where residuals begin: those are rounding.
values() { sed '/^identity /,$d'; }
weyl bms charges fsc:1:1 --newton 0.125 | values
weyl bms charges minkowski --json | json_check result.mass result.spin result.modes.4.j_im result.identities.0.residual result.residual && echo "json good"
weyl bms transform minkowski --superrotation 0.3sin1+0.1cos2 --supertranslation 0.2cos3 --out vacuum.csv | values
head -1 vacuum.csv
weyl bms orbit vacuum.csv --json > orbit.json && for key in class what winding stabilisers bounded; do json_check --get result.$key < orbit.json; done
weyl bms orbit defect:1.3 | values
weyl bms orbit --theta "-1+0.5cos1" --json | json_check --get result.what
weyl bms algebra --modes 3 --newton 0.5 | values
weyl bms algebra --modes 2 --json | json_check result.c1 result.c2 result.brackets.74.im result.identities.6.control && echo "json good"
weyl bms metric random:3 --points 20 | cut -c 1-46
weyl bms metric random:3 --points 20 --seed 5 --json | json_check --get result.identities.3.holds
weyl bms bulkcharge minkowski --t 1 --delta-theta 0.1 --json | json_check --get result.closed
weyl bms link random:2 --json | json_check result.charges.15.past_bulk result.past_theta.cos.4 && echo "json good"
weyl bms evolve fsc:1:0 --steps 400 --out flow.csv | values
head -1 flow.csv; wc -l < flow.csv
weyl bms geodesic defect:0.8 --past --json | json_check --get result.escaped
weyl bms vacuum4d --harmonics 2:0:0.5,1:1:3 | values
weyl bms vacuum4d --smooth 5 --at 0,7,1.2,0 | values
weyl bms vacuum4d --smooth 5 --at 0,1e-3,1.2,0 --json | json_check result.stretch result.metric.9 result.identities.14.holds && echo "json good"
weyl bms vacuum4d --degree 3 --seed 2 --at 0,9,1,2 --json | json_check result.riemann result.charges.14.curl && echo "json good"
printf 'n,xi_cos,theta_cos\n0,0.4,-1\n' > n.csv
weyl bms charges n.csv --convention N --json | json_check --get result.spin
weyl bms check > check 2>/dev/null && tail -1 check
weyl group info BMS3
echo "=== wrong usage"
exec 2>&1
code weyl bms
code weyl bms transfrom minkowski
code weyl bms transform
code weyl bms charges minkovski
code weyl bms charges defect:x
code weyl bms charges none.csv
code weyl bms charges minkowski --theta 1
code weyl bms charges --theta "1 + cos"
code weyl bms transform minkowski --superrotation 1.2sin1
code weyl bms transform minkowski --superrotation 0.9sin1 --modes 8
code weyl bms check minkowski
code weyl bms vacuum4d --harmonics 2:3:1
code weyl bms vacuum4d --at 0,0.5,1.0471975511965976,0
code weyl bms vacuum4d --smooth 0.1 | tail -2
code weyl bms vacuum4d --smooth 5 --at 0,0,1,0
code weyl bms geodesic --at 0,-1,0
code weyl bms algebra --modes 99
code weyl bms charges minkowski --newton 0
code weyl bms metric --plot m.svg
code weyl bms evolve --from 3 --to 1
code weyl bms transform minkowski --out v.txt
printf 'n,theta_cos\n0,nan\n' > nan.csv
code weyl bms charges nan.csv
printf 'phi,F\n0,0\n1.5707963267948966,1.5\n3.141592653589793,3.1\n4.71238898038469,4.7\n6.283185307179586,6\n' > open.csv
code weyl bms transform minkowski --map open.csv
printf 'n,F_sin\n1,-1.5\n' > back.csv
code weyl bms transform minkowski --map back.csv
printf 'n,theta_cos\n100000000000,1\n' > huge.csv
code weyl bms charges huge.csv
