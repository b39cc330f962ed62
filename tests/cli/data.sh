# Sets and files.
weyl data list | grep -o '^nbody\|^dynamics\|^springs\|^pedestrians\|^skeleton\|^molecules\|^motion'
weyl data info nbody | head -n 1
weyl data list --json | json_check result.sets.0.name result.formats.0 && echo "json good"
weyl data make nbody --seed 43 --set train=20 --set valid=5 --set test=5 --trajectories --out nbody.npz --json > made.json
for key in result.task result.file result.splits.train result.splits.test result.checksums seed; do json_check --get $key < made.json; done
weyl data info nbody.npz | grep 'train_\|test_traj'
weyl data info nbody.npz --json | json_check result.arrays.0.dtype && echo "json good"
weyl data make nbody --seed 43 --set train=20 --set valid=5 --set test=5 --trajectories --threads 1 --out again.npz > /dev/null
cmp nbody.npz again.npz && echo "same bytes"
weyl data make nbody --seed 44 --set train=20 --set valid=5 --set test=5 --trajectories --out other.npz > /dev/null
cmp -s nbody.npz other.npz || echo "another seed, other bytes"
printf '2\nProperties=species:S:1:pos:R:3\nH 0 0 0\nO 0 0 1\n2\nProperties=species:S:1:pos:R:3\nH 0 0 0.1\nO 0 0 1.1\n' > two.extxyz
weyl data info two.extxyz
weyl data info two.extxyz --json | json_check --get result.trajectories.0.frames
weyl data fetch | head -n 1
weyl data make springs --set train=3 --set valid=2 --set test=2 --out springs.npz > /dev/null
weyl data info springs.npz | grep 'train_'
weyl data make motion --data springs.npz --out again.npz --json | json_check --get result.splits.train
i=0; while [ $i -lt 200 ]; do echo "$i,a,$i,0.5"; echo "$i,b,0,$i"; i=$((i + 1)); done > walk.csv
weyl data info walk.csv
weyl data make pedestrians --data walk.csv --out walk.npz > /dev/null
weyl data info walk.npz | grep 'test_'
echo '200,a,nan,0' >> walk.csv
code weyl data make motion --data walk.csv 2>&1
weyl data convert two.extxyz --out two.npz --time-step 0.5
weyl data info two.npz --json | json_check --get result.trajectories.0.time_step
code weyl data convert two.extxyz 2>&1
mkdir clips
printf 'HIERARCHY\nROOT a\n{\nOFFSET 0 0 0\nCHANNELS 1 Xposition\n}\nMOTION\nFrames: 1\nFrame Time: 1\n2\n' > clips/a.bvh
weyl data info clips
weyl data info clips/a.bvh
mkdir none
code weyl data info none 2>&1
printf '2\n\nH 0 0 0\nH 0 0\n' > cut.xyz
code weyl data info cut.xyz 2>&1
