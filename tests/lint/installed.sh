#!/bin/bash
# `cmake --install` brings the program, its pages, schemas, profiles and completions where Debian looks.
# Usage: installed.sh BUILD-DIRECTORY [ROOT]
# Seen red: without the rule for man5, without the rule for zsh.
set -euo pipefail
build=$(realpath "$1")
cd "${2:-.}"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cmake --install "$build" --prefix "$scratch" >"$scratch/log"

wanted=(bin/sandbox share/bash-completion/completions/sandbox share/zsh/vendor-completions/_sandbox
  share/fish/vendor_completions.d/sandbox.fish)
for page in man/*.[1-8]; do
  wanted+=("share/man/man${page##*.}/${page##*/}")
done
for schema in packaging/*.schema.json; do
  wanted+=("share/sandbox/${schema##*/}")
done
for profile in profiles/*.toml; do
  wanted+=("share/sandbox/profiles/${profile##*/}")
done
bad=0
for file in "${wanted[@]}"; do
  if [[ ! -s $scratch/$file ]]; then
    echo "not installed: $file" >&2
    bad=1
  fi
done
exit "$bad"
