"""Which integration tests run in the machines of `run --all`. Starting a program takes twenty times as long
there as on a real CPU, so what does not depend on the kernel or on the kind of host is left out."""
import re

# What no machine runs, and why. All others run on the hosts whose tests are WHOLE.
LEFT_OUT = [
    (r'profile [a-z]+:|p3[57] (C|go|Java|Node|Python)', 'languages: compilers and virtual machines take minutes there, '
     'and what they need is the profile, not the kernel'),
    (r'p24 |p19 a thousand|violations: a c|p1 a hundred|unprivileged: two hundred|freeze: a storm|.* at any moment|'
     r'p3[01] |p20 |p13 channels: two runs|p38 flood', 'hundreds of runs, or gigabytes'),
    (r'p15 |no mount_setattr: doctor', 'faults that strace injects: the calls and their order are the same on each kernel'),
    (r'profile: |options: |command: |request: |result: |p39 |p40 |p25 |status: (every|exit)|doctor: the table',
     'the command line, documents and bytes: there is no kernel in them'),
    (r'footprint: ', 'sizes of the supervisor itself'),
    (r'virtual time: (who reads the clock|ten runs|python|node|java)|loopback: HTTP between', 'after a second of CPU time without a sleep a virtual clock '
     'follows it, and these machines need that to start a shell'),
    (r'p8 |signals: a terminal', 'terminals: these machines have none'),
]

# A few for each promise: the tests of a host that differs from another only by who enforces what.
CORE = (
    'status: true is ok', 'wall time: sleep', 'output: the limit stops', 'file size: SIGXFSZ', 'denied calls: a violation in',
    'p19 kill of the supervisor', 'cancel: a program that catches', 'nothing there: other processes', 'inside: no right is left',
    'p1 exactly three', 'mount: a read-only directory', 'freeze: TSTP', 'p27 cpu time: a double', 'p32 memory: a hog in',
    'p34 memory: a writer', 'processes: refused', 'p22 fork bomb$', 'measure: CPU time agrees', 'measure: true is',
    'cpus: two', 'cpu set: the program', 'unprivileged: wall time', 'p19 unprivileged', 'unprivileged: violations',
    'unprivileged: a limit', 'unprivileged: best effort', 'virtual time: a dynamic program',
)

# With --tests few, where the machine is slow or busy: one for each limit and for each wall.
FEW = (
    'status: true is ok', 'denied calls: a violation in', 'nothing there: other processes', 'p27 cpu time: a double',
    'memory: a hog$', 'processes: refused', 'wall time: sleep', 'measure: true is', 'unprivileged: violations',
    'unprivileged: a limit',
)
TIERS = ('none', 'few', 'core', 'whole')


def names(listed, tier):
    """Those of `listed` that a host of this tier runs."""
    kept = [name for name in listed if not any(re.match(pattern, name) for pattern, _ in LEFT_OUT)]
    beginnings = {'none': ('$',), 'few': FEW, 'core': CORE, 'whole': ('',)}[tier]
    return [name for name in kept if re.match('|'.join(beginnings), name)]


def lower(tier, most):
    return min(tier, most, key=TIERS.index)
