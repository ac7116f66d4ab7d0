#!/bin/bash
# Names of test cases hold letters, digits, space and _ : . - only.
# Why: with a comma in a name, ctest runs no case at all and passes; a semicolon splits the name.
# Usage: test_names.sh [ROOT]
# Seen red: TEST_CASE("a, b"), TEST_CASE("a;b"), one name in two files of a folder, a name that
# continues on the next line.
set -euo pipefail
cd "${1:-.}/tests"

bad=0
while IFS=: read -r file line text; do
  if [[ ! $text =~ TEST_CASE(_TEMPLATE)?\(\"[A-Za-z0-9_\ :.-]+\"([\),]|\ \*\ doctest::) ]]; then
    echo "tests/$file:$line: the name of a test case, on the same line, of A-Za-z0-9_ :.- only: $text" >&2
    bad=1
  fi
done < <(grep -rnE '^[[:space:]]*TEST_CASE' --include='*.cc' unit integration 2>/dev/null || true)

# Why: doctest runs every case of a name; two of one name would hide each other in ctest.
for folder in unit integration; do
  twice=$(grep -rhoE 'TEST_CASE\("[^"]*"' --include='*.cc' "$folder" 2>/dev/null | sort | uniq -d || true)
  if [[ -n $twice ]]; then
    printf 'tests/%s: used twice: %s\n' "$folder" "$twice" >&2
    bad=1
  fi
done
exit "$bad"
