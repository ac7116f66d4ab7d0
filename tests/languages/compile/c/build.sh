# Two objects at once, a library of each kind, a program.
set -eu
cd /tmp
for name in part other; do
  gcc -O2 -g -Wall -fPIC -pipe -c "/workspace/$name.c" -o "$name.o" &
done
wait
ar rcs libpart.a part.o
gcc -shared -o libother.so other.o
gcc -O2 -flto -o program /workspace/main.c -L. -lpart -lother -Wl,-rpath,/tmp
strip program
./program
