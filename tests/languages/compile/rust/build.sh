# A crate that is a library, a program that uses it with a module in a file of its own, its test.
set -eu
cd /workspace
rustc --edition 2021 -O --crate-type rlib --crate-name part --out-dir /tmp part.rs
rustc --edition 2021 -O -L /tmp --extern part=/tmp/libpart.rlib -o /tmp/program main.rs
/tmp/program
rustc --edition 2021 --test -o /tmp/tests part.rs
/tmp/tests >&2
