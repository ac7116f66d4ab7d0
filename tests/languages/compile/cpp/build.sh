# Two objects at once and a program with threads of the standard library.
set -eu
cd /workspace
for name in main part; do
  g++ -std=c++17 -O2 -Wall -c "$name.cc" -o "/tmp/$name.o" &
done
wait
g++ -pthread -o /tmp/program /tmp/main.o /tmp/part.o
/tmp/program
