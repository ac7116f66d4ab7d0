#!/bin/bash
# Asks bash's completion for several lines, as bash itself would: COMP_WORDS cut at = and :.
# Usage: bash.sh SCRIPT
# Seen red: a script that does not put words together again at = and :, one that takes the value of
# an option for the program, one without the words of --format.
set -euo pipefail
script=$(realpath "$1")
bash -n "$script"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
mkdir data
touch mine.toml input.txt prog data/file
chmod +x prog

# shellcheck source=/dev/null
source "$script"
if [[ $(complete -p sandbox) != *'-F _sandbox '* ]]; then
  echo "the script completes no sandbox" >&2
  exit 1
fi

# LINE: fills COMPREPLY with what TAB at its end would offer.
ask() {
  local rest=$1
  COMP_LINE=$1
  COMP_POINT=${#1}
  COMP_WORDS=()
  while [[ $rest =~ ^[[:blank:]]*([=:]+|[^=:[:blank:]]+) ]]; do
    COMP_WORDS+=("${BASH_REMATCH[1]}")
    rest=${rest:${#BASH_REMATCH[0]}}
  done
  [[ -n $rest ]] && COMP_WORDS+=('')
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  COMPREPLY=()
  _sandbox || true # it fails where nothing fits
}

bad=0
# LINE WORD...: exactly these are offered.
offers() {
  local line=$1 wanted
  ask "$line"
  wanted=$(printf '%s\n' "${@:2}" | sort)
  if [[ $(printf '%s\n' "${COMPREPLY[@]}" | sort) != "$wanted" ]]; then
    echo "\"$line\" offers: ${COMPREPLY[*]-}; it should: ${*:2}" >&2
    bad=1
  fi
}
# LINE WORD...: these are among what is offered.
has() {
  local word
  ask "$1"
  for word in "${@:2}"; do
    if [[ " ${COMPREPLY[*]-} " != *" $word "* ]]; then
      echo "\"$1\" does not offer $word, but: ${COMPREPLY[*]-}" >&2
      bad=1
    fi
  done
}
# LINE WORD: it is not offered.
has_not() {
  ask "$1"
  if [[ " ${COMPREPLY[*]-} " == *" $2 "* ]]; then
    echo "\"$1\" offers $2" >&2
    bad=1
  fi
}

has 'sandbox ' run replay doctor selftest profile --help --version
offers 'sandbox do' doctor
offers 'sandbox run --form' --format
offers 'sandbox run --format ' json text isolate playground
offers 'sandbox run --format i' isolate
offers 'sandbox run --format=t' text
offers 'sandbox run --format=' json text isolate playground
offers 'sandbox run --wall-time 2s --net n' none
offers 'sandbox run --memory ' none
offers 'sandbox run --on-output-limit ' stop truncate
has 'sandbox run --profile ' default strict c go mine.toml
has 'sandbox run --profile=g' go
offers 'sandbox run --profile m' mine.toml
offers 'sandbox run --stdin in' input.txt
has 'sandbox run --stdin ' null - input.txt
offers 'sandbox run --workspace r' ro rw
offers 'sandbox run --workspace rw:da' data
offers 'sandbox run --workspace=ro:data/' data/file
offers 'sandbox run --mount data:/da' # nothing below / begins with da
offers 'sandbox run ./pr' ./prog
has 'sandbox run --memory 64M print' printf
has 'sandbox run --env A=B ./pr' ./prog
# What follows the program is its own.
offers 'sandbox run ./prog in' input.txt
offers 'sandbox run --pass -- ./prog --for'
has_not 'sandbox run -- ./prog --' --format
offers 'sandbox run --env NAME=x --exit' --exit-zero
has_not 'sandbox run ' --format
has 'sandbox run -' --format --help
offers 'sandbox doctor --j' --json
offers 'sandbox selftest --j' --json
has 'sandbox selftest --profile ' default go
has 'sandbox profile ' list show
has 'sandbox profile show ' default strict mine.toml
offers 'sandbox profile list '
offers 'sandbox nothing '
exit "$bad"
