# Sleeps, the date, jobs in the background, timeout. jobs.sh UNIT
unit=$1
sleep $((5 * unit))
((unit == 0)) || date -u +%FT%T
for i in 1 2 3; do
  (sleep "$((i * unit))"; echo "job $i" >&$((1 + i % 2))) &
done
wait
timeout $((3 * unit + 1)) sleep $((9 * unit))
echo "timeout $((unit * $?))"
