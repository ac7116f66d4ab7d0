#!/bin/bash
# Every pitfall, 1 to 40, has a test named pN, and of each number at least one test says in the
# comment above it which change of the code turns it red.
# Usage: pitfalls.sh [ROOT]
# Seen red: without the comments of p39 in bytes_test.cc, with p2 renamed, with p20 called p41.
set -euo pipefail
cd "${1:-.}/tests"

find unit integration -name '*.cc' -print0 | xargs -0 awk '
  FNR == 1 { said = 0 }
  /^[[:space:]]*\/\/ Red: / { said = 1 }
  /^[[:space:]]*TEST_CASE\("p[0-9]+ / {
    match($0, /p[0-9]+/)
    number = substr($0, RSTART + 1, RLENGTH - 1) + 0
    found[number] = 1
    if (said) told[number] = 1
    if (number < 1 || number > 40) {
      printf "tests/%s:%d: there is no pitfall %s\n", FILENAME, FNR, number
      bad = 1
    }
  }
  !/^[[:space:]]*\/\// { said = 0 }
  END {
    for (number = 1; number <= 40; ++number) {
      if (!(number in found)) {
        printf "pitfall %d has no test named p%d\n", number, number
        bad = 1
      } else if (!(number in told)) {
        printf "no test named p%d says with \"// Red: \" which change of the code turns it red\n", number
        bad = 1
      }
    }
    exit bad
  }' >&2
