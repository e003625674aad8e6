# A contact: takes HTTP requests at a port of 127.0.0.1 and shows each whole. The first `busy` are answered
# with 503 and Retry-After, and the connection is closed behind every `close`-th answer.
use strict;
use warnings;
use IO::Socket::INET;

my ($busy, $close) = @ARGV;
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 8)
    or die "cannot listen: $!";
my $requests = 0;
$| = 1;
print 'port ', $listener->sockport, "\n";
while (my $client = $listener->accept) {
    while (defined(my $line = <$client>)) {
        my ($octets, $whole, $body) = (0, $line, '');
        while (defined(my $field = <$client>)) {
            $whole .= $field;
            last if $field =~ /^\r?\n$/;
            $octets = $1 if $field =~ /^Content-Length: *(\d+)/i;
        }
        read($client, $body, $octets) if $octets;
        $requests++;
        print "$whole$body\n-- request $requests\n";
        my $last = $close && $requests % $close == 0;
        print $client $requests <= $busy
            ? "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"
            : "HTTP/1.1 200 OK\r\n" . ($last ? "Connection: close\r\n" : '') . "Content-Length: 0\r\n\r\n";
        last if $last;
    }
    close $client;
}
