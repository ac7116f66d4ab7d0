# crash.sh error | unset | recursion | signal | bomb | exit: the usual ends of a script.
set -eu
depth() { depth; }
bomb() { bomb | bomb & }
case $1 in
  error)
    false
    echo unseen
    ;;
  unset) echo "${nothing_of_this_name}" ;;
  recursion) depth ;;
  signal) kill -SEGV $$ ;;
  bomb)
    bomb
    wait
    while :; do :; done
    ;;
esac
exit 3
