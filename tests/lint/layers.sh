#!/bin/bash
# Includes go down the ranks of src/README.md; folders of one rank do not include each other;
# launch/inside includes only itself and kernel headers; a third-party header is seen in its one
# file; each header opens with what it owns and what it must not do.
# Usage: layers.sh [ROOT]
# Seen red: an include of cli/ from base, of seccomp/ from cgroup, <vector> and "base/error.h" in
# launch/inside, <toml++/toml.h> in resolve.cc, a header without its opening comment.
set -euo pipefail
cd "${1:-.}/src"

declare -A rank=([base]=0 [sys]=1 [policy]=2 [seccomp]=3 [cgroup]=3 [fs]=3 [result]=3 [launch/inside]=4
  [launch]=4 [filters]=5 [files]=5 [supervise]=6 [selftest]=7 [intercept]=5 [server]=7 [replay]=7 [cli]=8 [completions]=9 [.]=9)

# A third-party header (a pattern) and the files that may include it (a pattern).
third_party=(
  'CLI/.*|CLI11.*' 'cli/[a-z_]+\.cc'
  'toml\+\+/.*|toml\.hpp' 'policy/toml_reader\.cc'
  'seccomp\.h' 'seccomp/compile\.cc'
  'sys/capability\.h' 'policy/capabilities\.cc'
  'spdlog/.*' 'base/log\.cc'
  'nlohmann/.*' '(result/json|policy/json_reader|server/[a-z_]+)\.cc'
  'fmt/format-inl\.h' 'base/fmt\.cc'
)
inside_allowed='^(linux/[a-z0-9_]+\.h|sys/[a-z0-9_]+\.h|(errno|fcntl|poll|sched|signal|stdint|stddef|string|time|unistd)\.h)$'

bad=0
complain() {
  echo "$1" >&2
  bad=1
}

folder_of() {  # PATH: sets `folder`. Why no process: there are thousands of includes.
  folder=.
  [[ $1 != */* ]] || folder=${1%/*}
  while [[ ! -v rank[$folder] && $folder == */* ]]; do
    folder=${folder%/*}
  done
}

while IFS=: read -r file line text; do
  file=${file#./}
  folder_of "$file"
  from=$folder
  if [[ ! -v rank[$from] ]]; then
    complain "src/$file:$line: folder $from has no rank: add it to src/README.md and here"
    continue
  fi
  [[ $text =~ include[[:space:]]*([\"\<])([^\"\>]+) ]] || continue
  kind=${BASH_REMATCH[1]}
  header=${BASH_REMATCH[2]}

  for ((i = 0; i < ${#third_party[@]}; i += 2)); do
    if [[ $header =~ ^(${third_party[i]})$ && ! $file =~ ^(${third_party[i + 1]})$ ]]; then
      complain "src/$file:$line: <$header> belongs to ${third_party[i + 1]//\\/} only"
    fi
  done

  if [[ $kind == '<' ]]; then
    if [[ $from == launch/inside && ! $header =~ $inside_allowed ]]; then
      complain "src/$file:$line: launch/inside includes only itself and kernel headers, not <$header>"
    fi
    continue
  fi
  [[ $header == *.inc ]] && continue  # generated beside the folder that embeds it
  folder_of "$header"
  to=$folder
  if [[ ! -v rank[$to] || ! -e $header ]]; then
    complain "src/$file:$line: \"$header\" is not a path from src/"
  elif [[ $from == "$to" || ($from == launch && $to == launch/inside) ]]; then
    :
  elif [[ $from == launch/inside ]]; then
    complain "src/$file:$line: launch/inside includes only itself, not \"$header\""
  elif ((rank[$to] >= rank[$from])); then
    complain "src/$file:$line: $from (rank ${rank[$from]}) must not include \"$header\" (rank ${rank[$to]})"
  fi
done < <(grep -rnE '^[[:space:]]*#[[:space:]]*include' --include='*.h' --include='*.cc' . || true)

while IFS= read -r header; do
  mapfile -n 2 -t top <"$header"
  if [[ ${top[0]-} != //* || ${top[1]-} != //* ]]; then
    complain "src/${header#./}: opens with two lines of comment: what it owns, what it must not do"
  fi
done < <(find . -name '*.h')
exit "$bad"
