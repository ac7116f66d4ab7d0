#!/bin/bash
# No file of code has more than 600 lines (past 400 it should be split).
# Usage: file_sizes.sh [ROOT]
# Seen red: a file of 601 lines in src/base.
set -euo pipefail
cd "${1:-.}"

bad=0
while read -r lines file; do
  if ((lines > 600)); then
    echo "$file: $lines lines; at most 600" >&2
    bad=1
  elif ((lines > 400)); then
    echo "$file: $lines lines: time to split it"
  fi
done < <(find src tests \( -name '*.cc' -o -name '*.h' -o -name '*.c' -o -name '*.sh' -o -name '*.py' \) \
  -exec wc -l {} \;)
exit "$bad"
