# Time-outs and signals.
set -u
timeout 0.05 sleep 60
echo "timeout $?"
read -r -t 0.01 </dev/zero
echo "read $(($? > 128))"
trap 'echo caught' USR1
kill -USR1 $$
start=${EPOCHREALTIME/./}
sleep 0.02
echo "later $((${EPOCHREALTIME/./} - start >= 20000))"
trap 'seen=1' ALRM
seen=0
(sleep 0.01; kill -ALRM $$) &
wait $!
echo "alarm $seen"
date -u -d @0 +%Y
