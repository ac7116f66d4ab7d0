# Jobs, statuses, a coprocess, a pipe with a name, a trap.
set -u
(exit 7)
echo "status $?"
false | true
echo "statuses ${PIPESTATUS[*]}"
sleep 60 &
kill -KILL $!
wait $! 2>/dev/null
echo "signal $(($? - 128))"
for i in 1 2 3; do (sleep 0.0$i; exit "$i") & done
wait
coproc upper { while read -r line; do echo "${line^^}"; done; }
echo hello >&"${upper[1]}"
read -r line <&"${upper[0]}"
echo "coprocess $line"
mkfifo /tmp/fifo
echo 'through a pipe with a name' >/tmp/fifo &
cat /tmp/fifo
trap 'echo "end $?"' EXIT
exit 0
