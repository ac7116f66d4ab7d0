#!/bin/bash
# All tests: installs what they need, builds, runs the unit and integration tests with sanitizers, then
# all on the release binary. Asks nothing; leaves nothing outside build/ but the packages. Its last lines are ctest's summary; the names of skipped tests stand there, too.
set -euo pipefail
cd "$(dirname "$0")/.."
source packaging/packages.sh

need_packages "${build_packages[@]}" doctest-dev strace python3 python3-jsonschema jq perl mandoc clang-format clang-tidy zsh fish musl-tools \
  time libarchive-tools qemu-system-x86 qemu-system-common busybox-static
# Of these any will do; Debian's where there is none (300 MiB to download, a minute or two).
toolchains=()
for pair in go=golang-go javac=default-jdk-headless node=nodejs rustc=rustc; do
  command -v "${pair%=*}" >/dev/null || toolchains+=("${pair#*=}")
done
need_packages "${toolchains[@]}"
use_build_tree "$PWD/build"
export PYTHONDONTWRITEBYTECODE=1 CTEST_OUTPUT_ON_FAILURE=1
jobs=$(nproc)
flakes=$PWD/build/flakes
rm -f "$flakes"

# What this machine can do, its tests must do: a test that skips for want of one of these fails.
# A caller may require more: SBTEST_REQUIRE=vm.
able=(${SBTEST_REQUIRE:+"$SBTEST_REQUIRE"})
if [[ $(id -u) == 0 ]] && unshare --mount true 2>/dev/null; then
  able+=(root)
fi
if unshare --user --map-root-user true 2>/dev/null; then
  able+=(userns)
fi
can_make_group() {  # DIRECTORY: a group can be made there
  local group=$1/sandbox-test-$$
  [[ -d $1 ]] && mkdir "$group" 2>/dev/null && rmdir "$group"
}
while IFS=: read -r _ controllers path; do
  if [[ ,$controllers, == *,memory,* ]] && can_make_group "/sys/fs/cgroup/memory$path"; then
    able+=(cgroup1)
  elif [[ -z $controllers ]] && grep -qsw memory "/sys/fs/cgroup$path/cgroup.controllers" &&
    can_make_group "/sys/fs/cgroup$path"; then
    able+=(cgroup2)
  fi
done </proc/self/cgroup
# The kernel of the machines of tests/vm, downloaded into build/vm.
if tests/vm/run --prepare; then
  able+=(vm)
fi
SBTEST_REQUIRE=$(
  IFS=,
  echo "${able[*]-}"
)
export SBTEST_REQUIRE
say "this machine has: ${SBTEST_REQUIRE:-nothing that tests could require}"

build() {  # DIRECTORY [TARGET...] [-- OPTION...]
  local directory=$1 targets=()
  shift
  while (($# > 0)) && [[ $1 != -- ]]; do
    targets+=("$1")
    shift
  done
  say "building $directory"
  cmake -S . -B "$directory" -G Ninja -DCMAKE_BUILD_TYPE=Release -DSANDBOX_TESTS=ON -DSANDBOX_DEV=ON "${@:2}" \
    >build/cmake.log || {
    cat build/cmake.log
    exit 1
  }
  ninja -C "$directory" --quiet "${targets[@]}"
}

# ctest with the arguments. A test that failed beside others is run again by itself, three times; only if it then passes each time,
# and few did fail, it is a flake, which is named (decisions/0027). Its last lines are ctest's summary, of whichever was last.
run_tests() {
  local most_flakes=2 failed=Testing/Temporary/LastTestsFailed.log
  rm -f "$failed"
  ctest --no-tests=error -j "$jobs" "$@" && return
  # Why not documents that do not follow their schema: the second run makes others.
  if [[ ! -s $failed ]] || (($(wc -l <"$failed") > most_flakes)) || grep -q results_follow_schema "$failed"; then
    return 1
  fi
  sed 's/^[0-9]*:/FAILED ONCE, run again by itself: /' "$failed" | tee -a "$flakes"
  # Why no fixtures: one test may leave no document at all, and then there is none to follow a schema.
  ctest --no-tests=error --rerun-failed --fixture-exclude-any '.*' --repeat until-fail:3
}

# Why before the other: it takes the integration tests from here.
build build

# Why: tested first, so that the last lines are those of the program that people get. SANDBOX_TEST_SANITIZE:
# "all" (the default), "unit" (not the integration tests, which take most of the time), or "no".
sanitize=${SANDBOX_TEST_SANITIZE:-all}
if [[ $sanitize != no ]]; then
  labels=unit targets=(unit_tests)
  if [[ $sanitize == all ]]; then
    labels='unit|integration' targets=()
  fi
  build build/sanitize "${targets[@]}" -- -DSANDBOX_SANITIZE=address,undefined -DSANDBOX_INTEGRATION_FROM="$PWD/build"
  say "tests with sanitizers: $labels"
  (
    cd build/sanitize
    export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
    run_tests -L "$labels"
  )
fi

say 'clang-tidy on what changed'
tests/lint/tidy.sh build
say 'all tests on the release binary'
cd build
# Why not exec: how many documents were validated is told where it happened, and what failed once again before ctest's
# summary: a fault of ours that shows now and then looks like that.
run_tests | while IFS= read -r line; do
  printf '%s\n' "$line"
  if [[ $line == *results_follow_schema*Passed* ]]; then
    ../tests/schema/validate.py results
  elif [[ $line == *'tests passed, '* && -s $flakes ]]; then
    cat "$flakes"
  fi
done
