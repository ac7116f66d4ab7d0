# A client that bash itself is, of a server on the loopback.
set -euo pipefail
coproc server {
  exec perl -MIO::Socket::INET -e '
    $| = 1;
    my $server = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1", LocalPort => 0) or die $@;
    print $server->sockport, "\n";
    my $peer = $server->accept;
    my $line = <$peer>;
    print $peer "served $line";'
}
read -r port <&"${server[0]}"
exec {client}<>"/dev/tcp/localhost/$port"
echo hello >&"$client"
read -r answer <&"$client"
echo "TCP: $answer"
