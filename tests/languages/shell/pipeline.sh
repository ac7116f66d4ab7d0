# The usual tools in pipelines: words counted, lines joined, numbers summed.
set -euo pipefail
cd /tmp
printf '%s\n' pear apple fig apple pear apple >fruits
sort fruits | uniq -c | sort -rn | awk '{ print $2 "=" $1 }' | paste -sd' '
seq 1 100000 | sed -n 's/7$/&/p' | grep -c 77
seq 1 1000 | awk '{ sum += $1 } END { print "sum " sum }'
seq 1 20000 | sort -R | sort -n --parallel=4 -S 1M | sed -n 1,3p | tr '\n' ' '
comm -12 <(printf '1\n2\n3\n') <(printf '2\n3\n4\n') | tee copy | wc -l | tr -d ' '
seq 1 5 | xargs -P 4 -n 1 expr 2 \* | sort -n | cut -c1-2 | paste -sd+ | tee sum
echo $(($(cat sum))) "$(seq 1 1000 | md5sum | cut -c1-8)"
