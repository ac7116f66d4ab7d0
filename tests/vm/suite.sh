#!/bin/bash
# What `run --all` starts in each machine: what is refused there, and the tests of this kind of host.
# Usage: suite.sh OFF: the limits that are not to be had there, "memory,cpu-time", or nothing. Its folder has
# the programs and `cases`, the names of tests. One line for each: "offer<TAB>WHAT<TAB>ok or TAG<TAB>HINT",
# "doctor<TAB>WHAT<TAB>by what", "cases<TAB>how many", "passed|skipped|failed<TAB>NAME<TAB>milliseconds"; what a failed one said before it.
set -uo pipefail
here=$(dirname "$(realpath "$0")")
source "$here/own_group.sh"
sandbox=$here/sandbox
export SANDBOX_BINARY=$sandbox SANDBOX_PROBES=$here/probes SANDBOX_RESULTS=$here/results SBTEST_SLOW=12 SBTEST_OWN_CLOCK=1
[[ -z ${1:-} ]] || export SBTEST_OFF=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

offer() {  # WHAT OPTION...
  local what=$1 verdict=none hint=
  shift
  "$sandbox" run "$@" -- true >"$work/out" 2>&1
  local document
  document=$(<"$work/out")
  [[ ! $document =~ \"status\":\"([a-z_]+)\" ]] || verdict=${BASH_REMATCH[1]}
  if [[ $verdict == error ]]; then
    [[ ! $document =~ \"error\":\{\"tag\":\"([a-z0-9_.]+)\" ]] || verdict=${BASH_REMATCH[1]}
    [[ ! $document =~ \"hint\":\"(([^\"\\]|\\.)*)\" ]] || hint=${BASH_REMATCH[1]}
    printf '# %s\n' "$document"
  fi
  printf 'offer\t%s\t%s\t%s\n' "$what" "$verdict" "$hint"
}

offers() {
  local off=(--memory none --processes none) without
  offer isolation "${off[@]}"
  [[ $EUID != 0 ]] || offer 'isolation without userns' "${off[@]}" --userns never
  offer memory "${off[@]}" --memory 64M
  offer cpu_time "${off[@]}" --cpu-time 5s
  offer processes --memory none --processes 8
  offer cpus "${off[@]}" --cpus 1
  offer cpu_set "${off[@]}" --cpu-set 0
  offer defaults
  "$sandbox" doctor >"$work/out" 2>&1
  printf 'doctor\tstatus\t%s\n' $?
  sed -n '/^Each limit is enforced by:/,/^$/s/^  \([a-z_]*\)  *\([^;]*\).*/doctor\t\1\t\2/p' "$work/out"
  sed -n 's/^ *to mend it: /mend\t/p' "$work/out"
  sed 's/^/# /' "$work/out"
}

# In a delegated group that has other processes, this script to begin with. Makes room there, by the line
# that doctor prints where it is one to be typed.
offer_beside_others() {  # GROUP
  local line
  offer 'memory beside other processes' --processes none --memory 64M
  "$sandbox" doctor 2>&1 | sed -n 's/^ *to mend it: /mend\t/p' | tee "$work/mends"
  line=$(sed -n '/xargs/{s/^mend\t//p;q}' "$work/mends")
  if [[ -n $line ]]; then
    eval "$line" 2>/dev/null
  else
    make_room "$1"
  fi
}

cases() {
  local name status start result
  printf 'cases\t%d\n' "$(wc -l <"$here/cases")"
  while read -r name; do
    start=${EPOCHREALTIME/./}
    timeout 150 "$here/integration_tests" --test-case="$name" --no-version --no-intro >"$work/out" 2>&1 </dev/null
    status=$?
    case $status in
      0) result=passed ;;
      77) result=skipped ;;
      *)
        result=failed
        head -c 6000 "$work/out" | sed 's/^/# /'
        echo  # Why: what was cut ends within a line.
        ;;
    esac
    printf '%s\t%s\t%d\n' $result "$name" $(((${EPOCHREALTIME/./} - start) / 1000))
  done <"$here/cases"
}

nothing_is_left() {
  local left
  left=$(find /sys/fs/cgroup -type d -name 'sandbox.*' 2>/dev/null)
  printf 'left\t%s\n' "${left//$'\n'/ }"
}

printf 'kernel\t%s\n' "$(uname -r)"
group=$(delegated_group)
[[ -z $group ]] || offer_beside_others "$group"
offers
cases
nothing_is_left
