# heap.sh MEBIBYTES: tail keeps a line without an end, which is as long.
set -euo pipefail
head -c "$1M" /dev/zero | tail -n 1 | wc -c
