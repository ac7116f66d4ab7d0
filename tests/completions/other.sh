#!/bin/bash
# The completion scripts of zsh and fish are valid; fish also says what it would offer.
# Usage: other.sh zsh|fish SCRIPT
# Seen red: a missing esac (zsh), a missing quote and --format without its words (fish).
set -euo pipefail
shell=$1
script=$(realpath "$2")

if ! command -v "$shell" >/dev/null; then
  echo "$shell is not installed"
  exit 77
fi
"$shell" -n "$script"
[[ $shell == zsh ]] && exit

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export HOME=$scratch XDG_CONFIG_HOME=$scratch XDG_DATA_HOME=$scratch
cd "$scratch"
touch mine.toml
bad=0
# LINE WORD...: these are among what is offered.
has() {
  local offered word
  offered=$(fish --no-config -c "source '$script'; complete -C '$1'" | cut -f 1)
  for word in "${@:2}"; do
    if ! grep -qxF -e "$word" <<<"$offered"; then
      echo "\"$1\" does not offer $word, but: $offered" >&2
      bad=1
    fi
  done
}
has 'sandbox ' run doctor selftest profile
has 'sandbox run --form' --format
has 'sandbox run --format ' json text isolate playground
has 'sandbox run --profile ' default strict mine.toml
has 'sandbox run --memory 64M mi' mine.toml
has 'sandbox profile show ' default mine.toml
exit "$bad"
