# Processes: backticks, pipes both ways, fork and wait, System V shared memory behind a semaphore.
use strict;
use warnings;
use IPC::Open2;
use IPC::SysV qw(IPC_PRIVATE IPC_CREAT IPC_RMID S_IRUSR S_IWUSR);
use POSIX qw(:sys_wait_h);

$| = 1;
$ENV{NAME} = 'a shell';
print `echo from \$NAME`;
system('sh', '-c', 'exit 7');
print 'status ', $? >> 8, "\n";

my $sort = open2(my $out, my $in, 'sort');
print $in "pear\napple\n";
close $in;
print while <$out>;
waitpid $sort, 0;

my $memory = shmget(IPC_PRIVATE, 100, IPC_CREAT | S_IRUSR | S_IWUSR) // die "shmget: $!";
my $semaphore = semget(IPC_PRIVATE, 1, IPC_CREAT | S_IRUSR | S_IWUSR) // die "semget: $!";
my $child = fork // die "fork: $!";
if (!$child) {
  shmwrite($memory, 'from a child', 0, 12) or die "shmwrite: $!";
  semop($semaphore, pack('s!3', 0, 1, 0)) or die "semop: $!";
  exit 3;
}
semop($semaphore, pack('s!3', 0, -1, 0)) or die "semop: $!";
shmread($memory, my $text, 0, 12) or die "shmread: $!";
waitpid $child, 0;
print "$text, status ", WEXITSTATUS($?), "\n";
shmctl($memory, IPC_RMID, 0);
semctl($semaphore, 0, IPC_RMID, 0);

my $sleeper = open(my $pipe, '-|', 'sleep', '60');
kill 'KILL', $sleeper;
close $pipe;
print 'signal ', $? & 127, "\n";
