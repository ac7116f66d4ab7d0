#!/bin/bash
# A type is defined once in a program: of two of one name the linker takes either, and says nothing.
# Usage: one_definition.sh [ROOT]
# Seen red: tests/unit/cli/doctor_host.h and tests/unit/supervise/decide_facts.h both with sbtest::Row.
set -euo pipefail
cd "${1:-.}"

# Prints NAMESPACE::NAME FILE for each type of the folder outside unnamed namespaces.
types_of() {
  find "$1" '(' -name '*.h' -o -name '*.cc' ')' -exec awk '
    FNR == 1 { space = ""; hidden = 0 }
    $1 == "namespace" && $3 == "{" { space = $2 }
    $1 == "namespace" && $2 == "{" { hidden = 1 }
    $0 == "}  // namespace" { hidden = 0 }
    !hidden && $0 ~ /^(struct|class|enum) / && $0 !~ /;$/ {
      name = $2 == "class" ? $3 : $2
      if (name ~ /^[A-Za-z_]+$/) print space "::" name, FILENAME
    }' '{}' +
}

twice=$(
  for folder in src tests/unit tests/integration; do
    types_of "$folder" | sort | awk '$1 == last { print "  " $1 " in " before " and " $2 } { last = $1; before = $2 }'
  done
)
if [[ -n $twice ]]; then
  printf 'types of one name in one program (give one of them another namespace):\n%s\n' "$twice" >&2
  exit 1
fi
