# Persistency: exponents, curves, samples, paths, series, and what is refused.
weyl persist exponent --covariance diffusion --dimension 2
weyl persist exponent --covariance matern --nu 1.5 --json | json_check --get result.theta | cut -c 1-15
weyl persist exponent --level 1 --side below
weyl persist distribution --covariance diffusion:1 --to 20 --rows 4 --step 0.005
weyl persist distribution --covariance gaussian --level 0.5 --to 4 --rows 4 --out above.csv --plot above.svg
head -1 above.csv
head -c 5 above.svg; echo
weyl persist distribution --covariance diffusion:3 --method laplace --to 10 --rows 2 --json |
  json_check result.t result.survival result.method result.valid && echo "json good"
weyl persist exact --covariance random-acceleration --to 8 --rows 4
weyl persist validate --covariance matern:2.5 --to 6 --rows 3
code weyl persist validate --covariance damped:0.2:1 --to 6 --rows 3
weyl persist sample --covariance diffusion:2 --count 4
weyl persist sample --covariance diffusion:2 --count 1000 --out sample.npy
weyl persist simulate --covariance random-acceleration --intervals 2000 --points 16384 --threads 1 --out one.csv --path path.csv > /dev/null
weyl persist simulate --covariance random-acceleration --intervals 2000 --points 16384 --threads 2 --out two.csv > /dev/null
cmp one.csv two.csv && echo "same intervals on one thread and on two"
weyl persist simulate --covariance damped:0.2:1 --intervals 2000 --points 16384 --json |
  json_check result.paths result.intervals result.theta result.simulation.3 && echo "json good"
weyl persist series path.csv --json | json_check result.near_valid result.theta_approximation result.lags && echo "json good"
awk -F, 'BEGIN { print "day,flow" } NR > 1 { print "d" NR "," 3 + 2 * $2 }' path.csv > flow.csv
weyl persist series flow.csv --column flow --dt 0.03627599 | head -2 | cut -d ' ' -f 1-6
awk 'BEGIN { for (i = 0; i <= 400; i++) printf "%.3f,%.12f\n", i * 0.05, exp(-(i * 0.05) ^ 2 / 2) }' > r.csv
weyl persist exponent --table r.csv --json | json_check --get result.theta | cut -c 1-5
awk 'BEGIN { for (i = 0; i <= 400; i++) printf "%.3f %.12f\n", i * 0.02, exp(-(i * 0.02) ^ 2 / 2) }' > density.txt
weyl persist exponent --spectrum density.txt --json | json_check --get result.theta | cut -c 1-5
echo "=== one page"
weyl persist distribution --beside all --to 10 --rows 2 --intervals 5000 --report page.html --json | json_check --get result.report && grep -o '<h1>[^<]*\|<pre>\|<table>\|<svg\|<script\|Made by' page.html | uniq
code weyl persist validate --covariance sinc --to 6 --rows 2 --report no.html > none && grep -o 'The answer is no[^<]*' no.html
echo "=== what is refused"
exec 2>&1
code weyl persist exponent --covariance sinc
code weyl persist exponent --covariance rational-quadratic:2
code weyl persist exponent --covariance matern:0.5
code weyl persist exponent --covariance difusion:2
code weyl persist exponent --covariance gaussian --dimension 2
code weyl persist exponent --level 9
code weyl persist expnent
code weyl persist exact --covariance gaussian
code weyl persist series
code weyl persist series nothing.csv
code weyl persist exponent --table nothing.csv
printf '0,1\n1,0.5\n2,nan\n' > bad.csv
code weyl persist exponent --table bad.csv
printf '0,2\n1,0.5\n2,0.2\n' > bad.csv
code weyl persist exponent --table bad.csv
printf '0,1\n2,0.5\n1,0.2\n' > bad.csv
code weyl persist exponent --table bad.csv
awk 'BEGIN { for (i = 0; i <= 100; i++) print i * 0.05 "," exp(-i * 0.05) }' > ou.csv
code weyl persist exponent --table ou.csv
awk 'BEGIN { for (i = 0; i <= 100; i++) { t = i * 0.1; print t "," (t < 2 ? 1 - t * t / 8 * (2 - t / 2) : 0) } }' > npd.csv
code weyl persist simulate --table npd.csv --intervals 1000
printf '0,-1\n1,2\n' > bad.csv
code weyl persist exponent --spectrum bad.csv
yes 1 | head -200 > const.csv
code weyl persist series const.csv
: > empty.csv
code weyl persist series empty.csv
code weyl persist distribution --report x.txt
code weyl persist exponent --out x.csv
printf '1\n2\n3\n' > bad.csv
code weyl persist series bad.csv
code weyl persist exponent --table bad.csv
code weyl persist distribution --out x.txt
code weyl persist distribution --plot x.jpg
code weyl persist exponent --plot x.png
code weyl persist distribution --to 1e12
code weyl persist simulate --points 1000
code weyl persist simulate --intervals 5
awk 'BEGIN { srand(1); for (i = 0; i < 1000; i++) print rand() }' > noise.txt
code weyl persist series noise.txt | cut -c 1-40
awk 'BEGIN { for (i = 0; i < 1000; i++) print (i == 5 ? "nan" : sin(i)) }' > hole.txt
code weyl persist series hole.txt
code weyl persist series flow.csv --column flaw
code weyl persist series flow.csv --column day
ls *.txt *.png *.jpg 2> /dev/null | wc -l
