# The recipes.
weyl reproduce --list | cut -d ' ' -f 1 | grep frame
weyl reproduce --list --json | json_check result.papers.0.name result.papers.0.rows && echo "json good"
weyl reproduce nothing 2> /dev/null; echo "exit $?"
weyl reproduce frame-averaging --task nothing 2>&1; echo "exit $?"
