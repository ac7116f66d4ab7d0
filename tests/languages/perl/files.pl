# Files and directories below /workspace and /tmp.
use strict;
use warnings;
use File::Copy qw(copy);
use File::Find;
use File::Path qw(make_path remove_tree);
use File::Temp qw(tempfile);

for my $place ('/workspace', '/tmp') {
  my $tree = "$place/tree";
  make_path("$tree/a/b");
  open(my $file, '+>', "$tree/a/first") or die "$tree: $!";
  print $file "text\n";
  seek $file, 0, 0;
  my $line = <$file>;
  close $file;
  copy("$tree/a/first", "$tree/a/b/second") or die "copy: $!";
  rename("$tree/a/first", "$tree/third") or die "rename: $!";
  symlink('third', "$tree/link") or die "symlink: $!";
  chmod 0600, "$tree/third";
  utime 1, 2, "$tree/third";
  truncate "$tree/a/b/second", 1000;
  my @names;
  find({ wanted => sub { push @names, substr($_, length $place) }, no_chdir => 1 }, $tree);
  chomp $line;
  print "$place: $line, ", join(' ', sort @names), ', ', (stat "$tree/link")[9], "\n";
  remove_tree($tree);
}
my ($handle, $name) = tempfile(UNLINK => 1, TMPDIR => 1);
print 'temporary ', $name =~ m{^/tmp/} ? 1 : 0, "\n";
