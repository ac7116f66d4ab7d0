#!/bin/bash
# The integration tests that a machine with cgroup v2 must pass, in one boot of kernel 6.1; `old`: as
# root with 5.10 (Debian 11), which has no mount_setattr, memory.peak, pids.peak, cgroup.kill.
# Usage: smoke.sh root|delegated|old, with SANDBOX_BINARY, SANDBOX_PROBES and SANDBOX_TESTS (the binary of
# the integration tests) set, as ctest does. SANDBOX_RESULTS, where set, collects the documents.
# Exit status: 77 where the machine can't be made and SBTEST_REQUIRE does not name "vm" (for `old`:
# whatever it names, since that kernel may be gone from where it was).
set -uo pipefail

# Beginnings of names: each must match, and nothing that matches may skip. Chosen for verdicts and for
# what v2 does itself; starting a program takes twenty times as long there, so not those of hundreds.
cases=(
  'status: true is ok'
  'p21 faults and abort die of their signals'
  'wall time: sleep is stopped'
  'p27 cpu time: a double-forked spinner'
  'p27 cpu time of an orphan is counted'
  'memory: a hog'
  'p32 memory: a hog in a child'
  'p34 memory: a writer of in-memory files'
  'p36 memory: the peak of a hog'
  'output: the limit stops the run'
  'file size: SIGXFSZ'
  'processes: refused forks are counted'
  'p22 fork bomb'
  'p38 an orphan that floods'
  'a program that ignores all signals'
  'denied calls: the violation names the call'
  'denied calls: a violation in a grandchild'
  'p10 the x32 and the 32-bit entries'
  'p19 kill of the supervisor ends a whole tree'
  'cancel: a program that catches TERM'
  'nothing there: other processes'
  'nothing there: the hosts name and groups'
  'freeze: TSTP stops all'
  'measure: true is one process'
  'virtual time: a dynamic program'
  'p23 a caller that is nice'
)
# An ordinary user's supplementary groups stay (decision 16), and the clock is not theirs to set.
cases_of_old_kernel=('no mount_setattr:' 'mount: read-only reaches' 'measure: memory' 'cpu set: the program sees')
cases_of_root=('inside: no right is left' 'p29 a clock')

# --- inside the machine -------------------------------------------------------------------------

# `sandbox` alone in a group of the user's moves itself to `sup` there and makes its groups beside it.
check_alone() {  # GROUP
  local document
  mkdir "$1/alone"
  document=$(
    echo "$BASHPID" >"$1/alone/cgroup.procs"
    exec "$SANDBOX_BINARY" run --memory 64M -- true
  )
  if [[ $document != *'"status":"ok"'* || $document != *'"memory":"cgroup2"'* || ! -d $1/alone/sup ]]; then
    echo "FAILED: alone in its group: $document"
    return 1
  fi
  echo 'ok: alone in its group'
}

check_document() {  # what makes the rest of this smoke worth its time
  local document word
  document=$("$SANDBOX_BINARY" run --memory 64M --cpu-time 5s --processes 8 -- true)
  for word in '"status":"ok"' '"memory":"cgroup2"' '"cpu_time":"cgroup2"' '"processes":"cgroup2"'; do
    if [[ $document != *"$word"* ]]; then
      echo "FAILED: no $word in: $document"
      return 1
    fi
  done
  echo "ok: memory, CPU time and processes are enforced by cgroup2"
}

run_cases() {
  local all name wanted names start status
  local -i passed=0 failed=0
  all=$("$SANDBOX_TESTS" --list-test-cases --no-version --no-intro | grep -v '^\[doctest\]\|^=')
  for wanted in "${cases[@]}"; do
    mapfile -t names < <(grep -F "$wanted" <<<"$all" | grep "^$wanted")
    if ((${#names[@]} == 0)); then
      echo "FAILED: no test is named '$wanted…'"
      failed+=1
    fi
    for name in "${names[@]}"; do
      start=${EPOCHREALTIME/./}
      "$SANDBOX_TESTS" --test-case="$name" --no-version --no-intro >/tmp/output 2>&1 </dev/null
      status=$?
      printf '%s: %s (%d ms)\n' "$([[ $status == 0 ]] && echo ok || echo "FAILED ($status)")" "$name" \
        $(((${EPOCHREALTIME/./} - start) / 1000))
      if [[ $status == 0 ]]; then
        passed+=1
      else
        failed+=1
        cat /tmp/output
      fi
    done
  done
  echo "$passed passed, $failed failed"
  ((failed == 0))
}

nothing_is_left() {
  local left
  left=$(find /sys/fs/cgroup -type d -name 'sandbox.*')
  if [[ -n $left ]]; then
    printf 'FAILED: left behind:\n%s\n' "$left"
    return 1
  fi
  echo "ok: no cgroup is left"
}

if [[ ${1:-} == --inside ]]; then
  source "$(dirname "$0")/own_group.sh"
  export SANDBOX_BINARY=$2 SANDBOX_PROBES=$3 SANDBOX_TESTS=$4 SANDBOX_RESULTS=$5
  export SBTEST_SLOW=6 SBTEST_REQUIRE=cgroup2 SBTEST_OWN_CLOCK=1
  echo "$(uname -r), uid $(id -u), $(</proc/self/cgroup)"
  bad=0
  [[ $(uname -r) != 5.* ]] || cases+=("${cases_of_old_kernel[@]}")
  group=$(delegated_group)
  if [[ -n $group ]]; then
    make_room "$group"
    check_alone "$group" || bad=1
  else
    cases+=("${cases_of_root[@]}")
  fi
  check_document || bad=1
  run_cases || bad=1
  nothing_is_left || bad=1
  exit "$bad"
fi

# --- on this machine ----------------------------------------------------------------------------
kernel=6.1
case ${1:-} in
  root) user=root ;;
  old) user=root kernel=5.10 ;;
  delegated) user=1000-delegated ;;
  *)
    echo "usage: smoke.sh root|delegated|old" >&2
    exit 2
    ;;
esac
# Everything is copied to where uid 1000 of the machine may read it: the build tree may be in a home.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 143' TERM INT HUP
cp -r "${SANDBOX_BINARY:?}" "${SANDBOX_PROBES:?}" "${SANDBOX_TESTS:?}" "$folder"
cp "$0" "$(dirname "$0")/own_group.sh" "$folder"
mkdir "$folder/results"
chmod -R a+rX "$folder"
chmod 777 "$folder/results"
machine=$(dirname "$(realpath "$0")")/run
cd "$folder" || exit 1
"$machine" --kernel "$kernel" --cgroup v2 --user "$user" --timeout 270 --share "$folder/results" -- \
  "$folder/smoke.sh" --inside "$folder/${SANDBOX_BINARY##*/}" "$folder/${SANDBOX_PROBES##*/}" \
  "$folder/${SANDBOX_TESTS##*/}" "$folder/results"
status=$?
if [[ -n ${SANDBOX_RESULTS:-} && -d $SANDBOX_RESULTS ]]; then
  for file in results/*.json; do
    [[ ! -e $file ]] || cp "$file" "$SANDBOX_RESULTS/vm-$1-${file##*/}"
  done
fi
if [[ $status == 77 && $1 != old && ,${SBTEST_REQUIRE:-}, == *,vm,* ]]; then
  echo "SBTEST_REQUIRE asks for vm" >&2
  exit 1
fi
exit "$status"
