#!/bin/bash
# What a new user would try, a line each: "ROW<TAB>CELL". A cell is the verdict of the run, or the tag
# of the error where the host can't enforce what was asked for; behind it stands what is wrong.
# Runs on this machine and in the guest, for any caller.
# Usage: rows.sh FOLDER [OPTION-OF-RUN...]; FOLDER has sandbox, probes/ and perhaps `gohello`, and
# anybody may read it.
set -uo pipefail

folder=$1
shift
extra=("$@")
sandbox=$folder/sandbox
probes=$folder/probes
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
caller_home=${HOME:-/nonexistent}
source "$(dirname "$0")/own_group.sh"
group=$(delegated_group)
if [[ -n $group ]]; then
  make_room "$group"
fi

run() {  # OPTION... -- PROGRAM...
  "$sandbox" run "${extra[@]}" "$@" >"$work/out" 2>"$work/err" </dev/null
  exit_status=$?
}

# --- what came of it ----------------------------------------------------------------------------

verdict() {
  local status tag
  status=$(sed -n 's/^{"schema":"sandbox.result\/v1","status":"\([a-z_]*\)".*/\1/p' "$work/out")
  if [[ $status == error ]]; then
    tag=$(sed -n 's/.*"error":{"tag":"\([a-z0-9_.]*\)".*/\1/p' "$work/out")
    status="\`$tag\`"
  fi
  echo "${status:-no document: $(tail -n 1 "$work/err")}"
}

# Whether the machine is well after it: `true` runs, with what this caller may limit.
aftermath() {
  run "${light[@]}" -- true
  if [[ $(verdict) != ok ]]; then
    printf '; then true: %s' "$(verdict)"
  fi
}

row() {  # NAME CELL
  printf '%s\t%s%s\n' "$1" "$2" "$(aftermath)"
}

try() {  # NAME OPTION... -- PROGRAM...
  local name=$1
  shift
  run "$@"
  row "$name" "$(verdict)"
}

# --- the rows -----------------------------------------------------------------------------------

# Without a cgroup only isolation and what needs no controller: `light` leaves the other limits off.
light=()
run -- true
if [[ $(verdict) == '`'* ]]; then
  light=(--memory none --processes none --cpu-time none)
fi
with_defaults=$(verdict)

denied_calls() {
  local call count=0 wrong=
  for call in 'mount s:a s:/tmp s:tmpfs' 'unshare 268435456' 'ptrace 0' 'keyctl 0 -3 0' 'io_uring_setup 1 z:120' \
    'socket 16 3 0' x32:getpid i386:getpid; do
    # shellcheck disable=SC2086
    run "${light[@]}" --wall-time 10s -- "$probes/call_syscall" $call
    if [[ $(verdict) == syscall_violation ]]; then
      count=$((count + 1))
    elif ! grep -q 'ret=-1 errno=[1-9]' "$work/out"; then
      wrong+="; ${call%% *}: $(verdict)"
    fi
  done
  echo "denied ($count killed for it)$wrong"
}

nothing_there() {
  # shellcheck disable=SC2016
  run "${light[@]}" --wall-time 20s -- sh -c '
    for path in /etc/shadow /etc/sudoers "$1" /root /home /var/lib /sys/kernel; do
      content=$(cat "$path" 2>/dev/null || ls -A "$path" 2>/dev/null)
      [ -z "$content" ] || echo "seen: $path"
    done
    set -- /proc/[0-9]*
    [ $# -le 3 ] || echo "seen: $# processes"
    [ "$(grep -c : /proc/net/dev)" = 1 ] || echo "seen: the network"
    [ "$(cat /proc/sys/kernel/hostname)" = sandbox ] || echo "seen: the name of the host"
    ' sh "$caller_home"
  local seen
  seen=$(sed -n 's/.*"stdout":{"data":"\([^"]*\)".*/\1/p' "$work/out")
  if [[ $(verdict) == ok && -z $seen ]]; then
    echo nothing
  else
    echo "$(verdict) $seen"
  fi
}

children_of() {  # PID: all processes below it
  local child
  for child in $(cat "/proc/$1/task/"*/children 2>/dev/null); do
    echo "$child"
    children_of "$child"
  done
}

killed_supervisor() {
  local pid inside tries=0 alive
  "$sandbox" run "${extra[@]}" "${light[@]}" --pass --wall-time 60s -- "$probes/tree" >"$work/out" 2>"$work/err" \
    </dev/null &
  pid=$!
  while ! grep -q ready "$work/out" && kill -0 "$pid" 2>/dev/null && ((tries++ < 300)); do
    sleep 0.1
  done
  inside=$(children_of "$pid")
  kill -KILL "$pid" 2>/dev/null
  wait "$pid" 2>/dev/null
  for ((tries = 0; tries < 100; ++tries)); do
    alive=
    for pid in $inside; do
      if grep -q '^State:.[^ZX]' "/proc/$pid/status" 2>/dev/null; then
        alive+=" $pid"
      fi
    done
    [[ -n $alive ]] || break
    sleep 0.05
  done
  (($(wc -w <<<"$inside") >= 13)) || alive+=" (the tree did not start)"
  echo "all gone${alive:+, but$alive}"
}

refusals() {
  local wrong=
  refused() {  # NAME ARGUMENT...
    local name=$1
    shift
    run "$@"
    if [[ $exit_status != 2 || $(wc -l <"$work/err") != 1 ]]; then
      wrong+="; $name: $exit_status"
    fi
  }
  local head='schema = "sandbox.profile/v1"'
  printf '%s\n[limits]\nmemroy = "1M"\n' "$head" >"$work/typo.toml"
  printf '%s\nextends = "./circle.toml"\n' "$head" >"$work/circle.toml"
  head -c 10M /dev/urandom >"$work/random.toml"
  printf '%s\n[syscalls]\nallow = ["opnat"]\n' "$head" >"$work/call.toml"
  refused typo --profile "$work/typo.toml" -- true
  refused circle --profile "$work/circle.toml" -- true
  refused random --profile "$work/random.toml" -- true
  refused call --profile "$work/call.toml" -- true
  refused negative --memory -1 -- true
  refused huge --memory 99999999T -- true
  echo "refused, exit 2$wrong"
}

traces() {
  find /sys/fs/cgroup -name 'sandbox.*' -type d 2>/dev/null
  ls -d /tmp/sandbox.* /dev/shm/sandbox.* 2>/dev/null
}
others_traces=$(traces)

# Groups and files whose supervisor no longer lives, but for those of others' that were here before.
left_behind() {
  local path pid left tries
  for tries in 1 2 3 4; do
    left=
    for path in $(traces); do
      pid=${path##*/sandbox.}
      if [[ -e $path && ! -d /proc/${pid%%.*} && $'\n'$others_traces$'\n' != *$'\n'$path$'\n'* ]]; then
        left+=" $path"
      fi
    done
    [[ -n $left ]] || break
    sleep 0.5
  done
  echo "${left:-nothing}"
}

row '`true` with the default limits' "$with_defaults"
if [[ -x $folder/gohello ]]; then
  # Why: on a busy host the guest counts as CPU time of the program what its own CPUs had to wait for,
  # and the first start of such a large program then takes longer than the profile's five seconds.
  longer=(--cpu-time 60s)
  if ((${#light[@]} > 0)); then
    longer=()
  fi
  try 'a Go program, `--profile go`' "${light[@]}" "${longer[@]}" --profile go --wall-time 60s -- "$folder/gohello"
fi
try '`exit 7`' "${light[@]}" -- sh -c 'exit 7'
try 'abort()' "${light[@]}" -- "$probes/die" abort
try '`--wall-time 1s -- sleep 10`' "${light[@]}" --wall-time 1s -- sleep 10
try '`--cpu-time 1s`: a double-forked, setsid'"'"'d spinner' "${light[@]}" --cpu-time 1s --wall-time 60s -- \
  "$probes/orphan_spinner" wait
try '`--memory 64M`: a hog' "${light[@]}" --memory 64M --wall-time 60s -- "$probes/eat_memory" 200
try '`--memory 64M`: a hog in a child, whose parent exits 0' "${light[@]}" --memory 64M --wall-time 60s -- \
  "$probes/eat_memory" 200 reap
try '`--memory 64M`: a writer to tmpfs' "${light[@]}" --memory 64M --disk none --file-size none \
  --wall-time 60s -- "$probes/fill_file" 200 /tmp/big
try '`--processes 32 --wall-time 2s`: a fork bomb' "${light[@]}" --processes 32 --wall-time 2s -- \
  "$probes/fork_bomb" plain
try '`--output 1M`: a flood of 10 GiB' "${light[@]}" --output 1M --wall-time 60s -- "$probes/flood" 1 10737418240
try '`--file-size 1M`: a larger file' "${light[@]}" --file-size 1M -- "$probes/fill_file" 4 /tmp/big
try 'a program that stops its parent' "${light[@]}" --wall-time 20s -- "$probes/linger" stop_parent
try '… ignores all signals, `--wall-time 1s`' "${light[@]}" --wall-time 1s -- "$probes/linger" ignore
try '… closes its fds and lives on, `--wall-time 1s`' "${light[@]}" --wall-time 1s -- "$probes/linger" close
row 'mount, unshare, ptrace, keyctl, io_uring_setup, netlink, x32, int 0x80' "$(denied_calls)"
row 'home, shadow, processes, network, host name' "$(nothing_there)"
row '`kill -KILL` of the supervisor of a tree' "$(killed_supervisor)"
row 'bad profiles and limits' "$(refusals)"
row 'left behind' "$(left_behind)"
