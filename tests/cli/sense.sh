# Matrix sensing: runs, laws, figures, completion. Times and last digits are left out of what is compared.
weyl sense figure
echo "=== runs"
weyl sense run --measure population --symmetric --k 5 --eta 0.1 --alpha 0.2 --iterations 2000 --json > run.json
json_check --get result.law < run.json
json_check result.iterations result.error2 result.slope result.r2 result.residual result.predicted.slope < run.json && echo "json good"
weyl sense run --n 20 --rank 1 --k 2 --m 300 --method modified --eta 0.1 --alpha 0.1 --iterations 600 --spacing even --out t.csv --json | json_check --get result.law
weyl sense law t.csv --json | json_check --get result.law
head -1 t.csv
weyl sense run --n 20 --rank 1 --m 200 --iterations 50 --threads 1 --out one.csv > /dev/null && weyl sense run --n 20 --rank 1 --m 200 --iterations 50 --threads 3 --out three.csv > /dev/null && cmp one.csv three.csv && echo "one and three threads agree"
weyl sense compare --n 16 --rank 1 --m 160 --iterations 200 --methods gd,iht,prec-gd --json | json_check result.runs.2.label result.best && echo "json good"
echo "=== completion"
awk 'BEGIN { print "row,column,value"; for (i = 1; i <= 30; i++) for (j = 1; j <= 25; j++) if ((i * 7 + j * 11 + i * j) % 3 != 0) print i "," j "," i * j / 10 + (i - 3) }' > list.csv
weyl sense complete list.csv --methods alt-min --out full.csv --json > c.json
json_check --get result.rank < c.json
json_check result.attempts.0.held result.held result.method result.fitted < c.json && echo "json good"
printf 'row,column\n3,3\n30,25\n' > ask.csv
weyl sense complete list.csv --methods alt-min --centre none --ask ask.csv --out asked.csv > /dev/null
awk -F, 'NR > 1 { printf "%d %d %.1f\n", $1, $2, $3 }' asked.csv
awk 'BEGIN { print "P2\n24 20\n255"; for (i = 0; i < 20; i++) for (j = 0; j < 24; j++) print 20 + 3 * i + 2 * j + int(i * j / 8) }' > a.pgm
weyl sense complete a.pgm --hide 0.4 --methods alt-min --out b.pgm --json | json_check result.hidden result.hidden_error && echo "json good"
head -2 b.pgm
echo "=== one page"
weyl sense run --n 20 --rank 1 --m 300 --iterations 100 --report page.html > none && grep -o '<h1>[^<]*\|<pre>\|<table>\|<svg\|<script\|Made by' page.html | uniq
weyl sense law t.csv --plot law.svg > none && head -c 5 law.svg; echo
echo "=== wrong usage and wrong input"
exec 2>&1
code weyl sense
code weyl sense rum
code weyl sense run --method gdd
code weyl sense run --rank 60
code weyl sense run --m 100
code weyl sense run --k 51
code weyl sense run --method prec-gd
code weyl sense run --eta 100 --m 2000
code weyl sense run --out x.txt
code weyl sense run --plot x.jpg
code weyl sense run --rank 0
code weyl sense figure fig-2
code weyl sense figure fig-2a --k 4
code weyl sense compare --methods gd,als
code weyl sense law
code weyl sense law nothing.csv
printf 't,e\n1,2\n1,3\n2,1\n3,1\n4,1\n' > flat.csv
code weyl sense law flat.csv
code weyl sense complete
printf '1,1,2\n2,1,3\n1,1,2\n' > twice.csv
code weyl sense complete twice.csv
printf '1,1,2\n2,x,3\n' > word.csv
code weyl sense complete word.csv
printf '1,1,2\n2,1,nan\n' > nan.csv
code weyl sense complete nan.csv
printf '1,1,2\n2,2,3\n3,3,4\n' > few.csv
code weyl sense complete few.csv
code weyl sense complete list.csv --rank 26
code weyl sense complete list.csv --shape 5x5
code weyl sense complete list.csv --shape 5by5
code weyl sense complete list.csv --mask a.pgm
code weyl sense complete list.csv --out a.png
code weyl sense complete list.csv --ask ask.csv
code weyl sense complete a.pgm --out a.ppm
code weyl sense run --n 2 --n2 10000000 --measure entries --rank 1
code weyl sense run --measure entries --n 5 --rank 1 --m 26
code weyl sense run --kappa nan
printf '0.5,1,2\n1,1,2\n' > half.csv
code weyl sense complete half.csv
printf '1,1,inf\n1,2,2\n' > inf.csv
code weyl sense complete inf.csv
awk 'BEGIN { for (i = 1; i <= 9; i++) for (j = 1; j <= 9; j++) print i "," j ",5" }' > flat5.csv
code weyl sense complete flat5.csv
code weyl sense check --plot x.svg
