#!/bin/bash
# clang-tidy over the C++ files of src/ with the checks of .clang-tidy (3-20 s a file, hence a target
# of its own: ninja -C build tidy).
# Usage: tidy.sh BUILD [FILE...]; without files, those that differ from HEAD, or
# all of src/ where none does.
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
files=("$@")
if ((${#files[@]} == 0)); then
  mapfile -t files < <(git diff --name-only HEAD -- 'src/*.cc' 2>/dev/null)
fi
if ((${#files[@]} == 0)); then
  mapfile -t files < <(find src -name '*.cc' | sort)
fi
# Why the extra arguments: g++ knows flags that clang does not.
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" clang-tidy --quiet -p "$build" \
  --extra-arg=-Wno-unknown-warning-option --extra-arg=-Wno-ignored-optimization-argument
