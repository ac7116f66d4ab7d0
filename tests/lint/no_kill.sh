#!/bin/bash
# Invariants that a search can check: kill(2) is called by init and by the probes of selftest, which
# run inside (we signal through pidfds, the cgroup or control); the environment is read in cli and base/log only; no throw of ours; no path of a
# machine this was written on.
# Usage: no_kill.sh [ROOT]
# Seen red: kill(pid, 9), ::kill(pid, 9) and syscall(SYS_tgkill, ...) in supervise, getenv in policy,
# a throw in cli, a path of the build machine in a comment.
set -euo pipefail
cd "${1:-.}"

bad=0
forbid() {  # PATTERN REASON SKIP PATHS...: lines of PATHS that match, unless their file matches SKIP
  local pattern=$1 reason=$2 skip=$3 hits
  shift 3
  hits=$(grep -rnIP --include='*.cc' --include='*.h' "$pattern" "$@" 2>/dev/null |
    grep -vE "^(\./)?($skip):" | grep -vE '^[^:]+:[0-9]+:[[:space:]]*(//|\*)' || true)
  if [[ -n $hits ]]; then
    printf '%s\n%s\n' "$reason" "$hits" >&2
    bad=1
  fi
}

inside='src/(launch/inside|selftest/probes)/[a-z_]+\.(cc|h)'
forbid '(?<![\w:.>~])(::)?(kill|killpg|tgkill|raise)\s*\([^()]*(,|\bSIG)' \
  'kill(2) is for init only; others signal through Pidfd, Group or control:' "$inside" src
forbid '\bsyscall\s*\(\s*(SYS|__NR)_(kill|tkill|tgkill|rt_sigqueueinfo)\b' \
  'kill(2) is for init only; others signal through Pidfd, Group or control:' "$inside" src
forbid '\b(secure_)?getenv\s*\(|\benviron\b' 'the environment is read in cli and base/log only:' \
  'src/(cli/[a-z_]+|base/log|main)\.(cc|h)' src
forbid '\bthrow\b' 'we return errors; exceptions are caught where a library throws them:' '-' src

# Comments count here, too.
if hits=$(grep -rnIE --exclude-dir='build*' --exclude-dir='.git' '/(work|farm)/' . 2>/dev/null |
  grep -vE '^\./tests/lint/no_kill\.sh:'); then
  printf 'a path of a build machine:\n%s\n' "$hits" >&2
  bad=1
fi
exit "$bad"
