# crash.pl die | recursion | signal | exit: the usual ends of a Perl program.
use strict;
use warnings;
no warnings 'recursion';

sub depth { return depth($_[0] + 1) + 1 }

my $how = $ARGV[0];
die "nobody catches this\n" if $how eq 'die';
print depth(0) if $how eq 'recursion';
kill 'SEGV', $$ if $how eq 'signal';
exit 3;
