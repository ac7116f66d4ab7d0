# shellcheck shell=bash
# Sourced by scripts that run `sandbox` many times in a v2 group of their own.

# The group that this process is in, if it was delegated: an ordinary user may make groups below it, or
# systemd marked it (Delegate=). Else empty: root outside any such group has groups of its own elsewhere.
delegated_group() {
  local group
  group=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)
  if [[ -f $group/cgroup.controllers && -w $group && -w $group/cgroup.procs ]] &&
    { [[ $EUID != 0 ]] || is_marked_delegated "$group"; }; then
    echo "$group"
  fi
}

is_marked_delegated() {  # GROUP
  python3 -B -c 'import os, sys; os.getxattr(sys.argv[1], "trusted.delegate")' "$1" 2>/dev/null
}

# Kernel: a v2 group has processes or hands controllers to groups below it, never both (cgroups(7)). So
# all processes of GROUP go to where `sandbox` itself would go, if it were alone there.
make_room() {  # GROUP
  local pid controller
  mkdir "$1/sup"
  for pid in $(<"$1/cgroup.procs"); do
    echo "$pid" >"$1/sup/cgroup.procs"
  done
  for controller in $(<"$1/cgroup.controllers"); do
    echo "+$controller" >"$1/cgroup.subtree_control"
  done
}
