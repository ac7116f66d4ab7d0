# A server and its client on the loopback, with select; a pair of sockets.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use Socket;

my $server = IO::Socket::INET->new(Listen => 5, LocalAddr => 'localhost', LocalPort => 0, Proto => 'tcp')
  or die "server: $@";
my $child = fork // die "fork: $!";
if (!$child) {
  my $peer = $server->accept;
  my $line = <$peer>;
  print $peer "served $line";
  exit 0;
}
my $client = IO::Socket::INET->new(PeerAddr => 'localhost', PeerPort => $server->sockport, Proto => 'tcp')
  or die "client: $@";
print $client "hello\n";
my @ready = IO::Select->new($client)->can_read(10);
print 'TCP: ', scalar(@ready), ' ', scalar <$client>;
waitpid $child, 0;

socketpair(my $one, my $other, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die "socketpair: $!";
syswrite $one, 'hello';
sysread $other, my $text, 100;
print "AF_UNIX: $text\n";

my $receiver = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Proto => 'udp') or die "udp: $@";
my $sender = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $receiver->sockport, Proto => 'udp')
  or die "udp: $@";
$sender->send('datagram');
$receiver->recv($text, 100);
print "UDP: $text\n";
