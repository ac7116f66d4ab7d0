# Threads behind a queue, with a lock; where this perl has no threads, it says so and exits 77.
use strict;
use warnings;
use Config;
BEGIN {
  if (!$Config{useithreads}) {
    print "no threads\n";
    exit 77;
  }
}
use threads;
use threads::shared;
use Thread::Queue;

my $queue = Thread::Queue->new;
my $total : shared = 0;
my $taken : shared = 0;
my @workers = map {
  threads->create(sub {
    while (defined(my $number = $queue->dequeue)) {
      lock($total);
      $total += $number;
      $taken++;
    }
  })
} 1 .. 4;
$queue->enqueue(1 .. 1000);
$queue->end;
$_->join for @workers;
print "$taken taken, sum $total\n";
