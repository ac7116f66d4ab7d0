#!/bin/bash
# clang-tidy over the C++ files of src/ with the checks of .clang-tidy (3-20 s a file, hence a target
# of its own: ninja -C build tidy).
# Usage: tidy.sh BUILD [FILE...|--all]; without files, the folders of src/ that changed: since the
# branch left that of the clone's origin, else in the last commit and since.
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
changed_folders() {
  local base head
  head=$(git rev-parse HEAD)
  base=$(git merge-base HEAD origin/HEAD 2>/dev/null || true)
  if [[ -z $base || $base == "$head" ]]; then
    base=$(git rev-parse -q --verify HEAD~1 || git hash-object -t tree /dev/null)
  fi
  git diff --name-only --diff-filter=d "$base" -- 'src/*.cc' 'src/*.h' | xargs -r dirname | sort -u
}

files=("$@")
if [[ ${1:-} == --all ]]; then
  mapfile -t files < <(find src -name '*.cc' | sort)
elif ((${#files[@]} == 0)); then
  while read -r folder; do
    files+=("$folder"/*.cc)
  done < <(changed_folders)
fi
echo "clang-tidy: ${#files[@]} files"
if ((${#files[@]} == 0)); then
  exit 0
fi
# Why the extra arguments: g++ knows flags that clang does not.
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" clang-tidy --quiet -p "$build" \
  --extra-arg=-Wno-unknown-warning-option --extra-arg=-Wno-ignored-optimization-argument
