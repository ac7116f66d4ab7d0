#!/bin/bash
# The man pages are valid mdoc. (`man --warnings` exits 0 whatever it finds.)
# Usage: man.sh [ROOT]
# Seen red: an unknown macro `.Xy`, a missing .Nm section.
set -euo pipefail
cd "${1:-.}"

if ! command -v mandoc >/dev/null; then
  echo "mandoc is not installed"
  exit 77
fi
shopt -s nullglob
pages=(man/*.[1-8])
if ((${#pages[@]} == 0)); then
  echo "no man page in man/" >&2
  exit 1
fi
mandoc -T lint -W warning "${pages[@]}"
