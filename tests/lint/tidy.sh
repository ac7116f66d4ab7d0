#!/bin/bash
# clang-tidy over the C++ files of src/ with the checks of .clang-tidy (3-20 s a file, hence a target
# of its own: ninja -C build tidy).
# Usage: tidy.sh BUILD [FILE...|--all]; without files, those of src/ that changed: since the branch
# left that of the clone's origin, else in the last ten commits and since. A header is read by its own
# source or another that includes it.
# Seen red: a function of 61 lines, a C cast, a type in snake_case, an open() without O_CLOEXEC.
set -euo pipefail
build=${1:?usage: tidy.sh BUILD [FILE...]}
shift

if ! command -v clang-tidy >/dev/null; then
  echo "clang-tidy is not installed"
  exit 77
fi
if [[ ! -e $build/compile_commands.json ]]; then
  echo "$build holds no compile_commands.json: run cmake first" >&2
  exit 1
fi
changed_files() {
  local base head
  head=$(git rev-parse HEAD)
  base=$(git merge-base HEAD origin/HEAD 2>/dev/null || true)
  if [[ -z $base || $base == "$head" ]]; then
    base=$(git rev-parse -q --verify HEAD~10 || git hash-object -t tree /dev/null)
  fi
  git diff --name-only --diff-filter=d "$base" -- 'src/*.cc' 'src/*.h'
}
read_by() {  # HEADER: its own source, else another that includes it, if there is one
  if [[ -e ${1%.h}.cc ]]; then
    echo "${1%.h}.cc"
  else
    grep -rlm1 --include='*.cc' "\"${1#src/}\"" src | sed -n 1p || true
  fi
}

files=("$@")
if [[ ${1:-} == --all ]]; then
  mapfile -t files < <(find src -name '*.cc' | sort)
elif ((${#files[@]} == 0)); then
  mapfile -t files < <(changed_files | while read -r file; do
    if [[ $file == *.h ]]; then
      read_by "$file"
    else
      echo "$file"
    fi
  done | sort -u)
fi
echo "clang-tidy: ${#files[@]} files"
if ((${#files[@]} == 0)); then
  exit 0
fi
# Why without precompiled headers: clang can't read g++'s, and so it is known that each file includes
# what it uses.
mkdir -p "$build/tidy"
sed -E 's/ -Winvalid-pch -include [^ ]*cmake_pch\.hxx//g' "$build/compile_commands.json" >"$build/tidy/compile_commands.json"
# Why the extra arguments: g++ knows flags that clang does not.
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" clang-tidy --quiet -p "$build/tidy" \
  --extra-arg=-Wno-unknown-warning-option --extra-arg=-Wno-ignored-optimization-argument
