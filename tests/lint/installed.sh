#!/bin/bash
# `cmake --install` brings the program, its pages, schemas, profiles, completions and units where Debian
# looks; systemd, where there is one, finds nothing to complain of in the units.
# Usage: installed.sh BUILD-DIRECTORY [ROOT]
# Seen red: without the rule for man5, without the rule for zsh, with Delegate=perhaps.
set -euo pipefail
build=$(realpath "$1")
cd "${2:-.}"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cmake --install "$build" --prefix "$scratch" >"$scratch/log"

wanted=(bin/sandbox share/bash-completion/completions/sandbox share/zsh/vendor-completions/_sandbox
  share/fish/vendor_completions.d/sandbox.fish lib/systemd/system/sandbox.service lib/systemd/system/sandbox.socket)
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
if command -v systemd-analyze >/dev/null; then
  # Why: what it starts must be there, and it is not yet where it will be.
  units=$scratch/lib/systemd/system
  sed -i "s|^ExecStart=[^ ]*|ExecStart=$scratch/bin/sandbox|" "$units/sandbox.service"
  complaints=$(systemd-analyze --man=no verify "$units"/sandbox.{service,socket} 2>&1 | grep -F "$units/" || true)
  if [[ -n $complaints ]]; then
    echo "$complaints" >&2
    bad=1
  fi
fi
exit "$bad"
