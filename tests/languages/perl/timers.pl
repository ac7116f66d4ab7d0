# Timers and signals.
use strict;
use warnings;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC setitimer ITIMER_REAL usleep);

my $start = clock_gettime(CLOCK_MONOTONIC);
my $alarms = 0;
$SIG{ALRM} = sub { $alarms++ };
setitimer(ITIMER_REAL, 0.005, 0.005);
select(undef, undef, undef, 1) while $alarms < 3;
setitimer(ITIMER_REAL, 0);
print "alarms\n";

my $in_time = eval {
  local $SIG{ALRM} = sub { die "late\n" };
  Time::HiRes::alarm(0.01);
  sleep 60;
  1;
};
print $in_time ? "in time\n" : $@;

my $seen = '';
$SIG{$_} = sub { $seen .= " $_[0]" } for qw(USR1 TERM);
kill $_, $$ for qw(USR1 TERM);
usleep(10_000);
print "signals$seen, later ", (clock_gettime(CLOCK_MONOTONIC) - $start >= 0.03 ? 1 : 0), "\n";
END { print "end\n" }
