# Invariance across environments: plans, models, tables, searches, comparisons, and what is refused.
weyl sem plan --zeta 0.1 --sites 1 --in-degree 2
weyl sem plan pac-curve --json | json_check --get result.rank
weyl sem plan --sites 2 --in-degree 2 --json | json_check --get result.vc
weyl sem simulate shifts --environments 4 --rows 300 --out data.csv --model shifts.sem
cat shifts.sem
head -1 data.csv
weyl sem search data.csv --eps 0.3 --hold-out 3
weyl sem simulate shifts.sem --environments 4 --rows 300 --out again.csv > none && cmp data.csv again.csv && echo "the same rows"
weyl sem search data.csv --eps 0.12 --threads 1 --json | json_check --get result.table.0.features
weyl sem compare irm-toy --scale none --starts 5 | cut -c 1-60
weyl sem search cancelling --method continuous --starts 6 --json | json_check --get result.table.0.rows
weyl sem certify data.csv --features X1,X2 --eps 0.15 --hold-out 3 --json | json_check result.n result.m result.vc result.bounds.0.zeta result.violation.held_out_limit && echo "json good"
weyl sem curve --nodes 8 --trials 6 --counts 1,8 --unseen 50 --out curve.csv --threads 1 > one
weyl sem curve --nodes 8 --trials 6 --counts 1,8 --unseen 50 --threads 3 > three && cmp one three && echo "threads do not matter"
head -1 curve.csv
printf 'site,x,y\nuk,1,2\nfr,2,3\nuk,2,3.5\nfr,4,5\n' > words.csv
weyl sem search words.csv --environment site --target y --eps 3 --json | json_check --get result.n
echo "=== one page"
weyl sem curve --nodes 8 --trials 6 --counts 1,8 --unseen 50 --report page.html > none && grep -o '<h1>[^<]*\|<pre>\|<table>\|<svg\|<script\|Made by' page.html | uniq
echo "=== wrong usage"
exec 2>&1
code weyl sem
code weyl sem find data.csv
code weyl sem search
code weyl sem search irm
code weyl sem search none.csv
code weyl sem search data.csv --features X9
code weyl sem search data.csv --hold-out 7
code weyl sem search words.csv
code weyl sem certify data.csv
weyl sem certify data.csv --features X3 --eps 0.01 --json > verdict.json || echo "exit $?"
json_check --get result.verdict < verdict.json
code weyl sem plan irm-toy
code weyl sem simulate irm-toy --environments 3
code weyl sem curve --counts 4,2
printf 'env,x,Y\n1,1,2\n1,nan,3\n' > bad.csv
code weyl sem search bad.csv
printf 'env,x,Y\n1,1,2\n1,2,3\n2,1,1\n' > one.csv
code weyl sem search one.csv
printf 'A = B + N(0, 1)\nB = A + N(0, 1)\nY = A + N(0, 1)\n' > cycle.sem
code weyl sem simulate cycle.sem
printf 'A = A + N(0, 1)\nY = A + N(0, 1)\n' > self.sem
code weyl sem simulate self.sem
printf 'A = N(0, 0)\nY = A + N(0, 1)\n' > still.sem
code weyl sem simulate still.sem
printf 'A = N(0, 1)\nY = A + N(0, 1)\nintervene Y: coefficients 2\n' > of_y.sem
code weyl sem simulate of_y.sem
printf 'env,x1,x2,Y\n1,1,2,1\n1,2,4,2\n1,3,6,4\n2,1,2,1\n2,5,10,3\n2,2,4,9\n' > singular.csv
code weyl sem certify singular.csv --features x1,x2
weyl sem compare singular.csv | cut -c 1-7
printf 'env,x1,Y\n1,1,1\n1,1,2\n2,1,4\n2,1,1\n' > still.csv
code weyl sem search still.csv
printf 'env,x1,Y\n1,inf,1\n1,2,2\n' > inf.csv
code weyl sem search inf.csv
printf 'env,x1,x1,Y\n1,1,1,2\n1,2,2,2\n1,1,4,4\n' > twin.csv
code weyl sem search twin.csv
code weyl sem search pac-curve --nodes 60
code weyl sem plan --sites 1000
weyl sem plan --sites 1000 --json | json_check --get result.n
code weyl sem certify shifts --features X1 --plot x.svg
code weyl sem search shifts --report x.txt
