# shellcheck shell=bash disable=SC2034
# Sourced by packaging/quickstart.sh and tests/run.sh: installs what is missing, asking nothing.

build_packages=(g++ cmake ninja-build pkg-config libseccomp-dev libcap-dev libcli11-dev libspdlog-dev
  libfmt-dev libtomlplusplus-dev nlohmann-json3-dev)

say() {
  printf '\n== %s\n' "$*"
}

as_root() {
  if [[ $(id -u) == 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "root is needed for: $* (install sudo, or run this as root)" >&2
    return 1
  fi
}

# Why: packages that are there are not touched, so that a second run is quick and needs no network.
need_packages() {
  local missing=() name
  for name in "$@"; do
    if [[ $(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null) != installed ]]; then
      missing+=("$name")
    fi
  done
  if ((${#missing[@]} == 0)); then
    return 0
  fi
  say "installing ${missing[*]}"
  as_root apt-get -q -o DPkg::Lock::Timeout=300 update
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
    install --no-install-recommends "${missing[@]}"
}

# Everything these scripts write is in the build tree; ccache, where there is one, keeps to it, too.
use_build_tree() {
  mkdir -p "$1"
  export CCACHE_DIR=${CCACHE_DIR:-$1/ccache}
  export CCACHE_BASEDIR=${CCACHE_BASEDIR:-$PWD}
}
