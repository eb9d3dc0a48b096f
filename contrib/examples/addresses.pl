#!/usr/bin/perl
# Prints all addresses that can be used, each time that they change.
use strict;
use warnings;
use IO::Socket::UNIX;
use JSON::PP;

my $path = $ENV{KEV_SOCKET} || '/run/kev/kev.sock';
my $json = JSON::PP->new->ascii->allow_nonref;
my (%usable, %coming, $cursor);
$SIG{PIPE} = 'IGNORE';
$| = 1;

sub take {
	my $line = shift;
	my ($topic, $data) = ($line->{topic} // '', $line->{data});
	die "kevd refuses: $line->{error}{message}\n" if !$topic && !$line->{ok};
	warn "events were lost: $data->{cause}\n" if $topic eq 'kev/gap';
	# A snapshot may follow; it counts when it is complete.
	return %coming = () if !$topic || $topic eq 'kev/gap';
	my $address = $data->{address} // '';
	my $key = ($line->{ifindex} // '') . " $address";
	my $text = "$address " . $json->encode($line->{ifname});
	return $coming{$key} = $text if $line->{snapshot};
	if ($topic eq 'kev/synced') { %usable = %coming }
	elsif ($topic =~ m{/address-ready$}) { $usable{$key} = $text }
	else { delete $usable{$key} }
	print join(', ', sort values %usable), "\n";
	$cursor = $line->{id};
}

for (;; sleep 1) {
	my $kevd = IO::Socket::UNIX->new($path) or warn("$path: $!\n"), next;
	print $kevd $json->encode({ op => 'subscribe', id => 1, netns => [''],
		topics => ['*/address-ready', '*/address-remove'],
		$cursor ? (after => $cursor) : (snapshot => JSON::PP::true) }), "\n";
	$kevd->flush;
	while (<$kevd>) { take(JSON::PP->new->utf8->decode($_)) if /\n$/ }
}
