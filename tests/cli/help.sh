# The help of the program and of every command; `weyl` alone is wrong usage.
code weyl help
for command in train eval predict audit report reproduce explain bench data group irrep version help; do
  echo "=== $command"
  code weyl $command --help
done
echo "=== alone"
code weyl 2>&1 | tail -n 1
weyl train nbody --model egnn --help | sed -n '/^keys of --set/,$p' | grep -c =
weyl help --json | json_check weyl command options result.commands.0.name && echo "json good"
