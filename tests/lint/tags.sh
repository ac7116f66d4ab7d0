#!/bin/bash
# Every error tag of src/base/tags.cc is in man/sandbox.1 with its exit status, and the other way
# round. In the man page an entry of the list of tags is `.It Li launch.mount` or `.It Sy ...`.
# Usage: tags.sh [ROOT]
# Seen red: a tag removed from the man page, a tag in the man page only.
set -euo pipefail
cd "${1:-.}"

table=$(grep -oE 'TagInfo\{Tag::[a-z_]+, "[a-z_.]+"' src/base/tags.cc | sed 's/.*"\(.*\)"/\1/' | sort)
if [[ -z $table ]]; then
  echo "no tag found in src/base/tags.cc: has its form changed?" >&2
  exit 1
fi
# Only the section of the tags: statuses and options are lists, too.
page=$(sed -n '/^\.S[hs] .*[Tt][Aa][Gg][Ss]/,/^\.Sh /p' man/sandbox.1 |
  sed -nE 's/^\.It (Li|Sy|Cm|Ic|Er|Dv|Sq|Ql) ([a-z_.]+).*/\2/p' | sort)
if ! difference=$(diff <(echo "$table") <(echo "$page")); then
  printf 'the tags of src/base/tags.cc (<) and of man/sandbox.1 (>) differ:\n%s\n' "$difference" >&2
  exit 1
fi
