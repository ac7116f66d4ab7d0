# heap.pl MEBIBYTES: keeps as much.
use strict;
use warnings;

my @blocks = map { 'x' x ((1 << 20) - 64) } 1 .. $ARGV[0];
print scalar(@blocks), " MiB\n";
