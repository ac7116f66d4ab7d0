"""The kinds of hosts of `run --all`: how the machine is made, which tests it runs, and what must be refused there."""
from dataclasses import dataclass, field

LIMITS = ('memory', 'cpu_time', 'processes', 'cpus', 'cpu_set')

# What the hint of a refusal must say, by its tag; a host may want more of it.
HINTS = {'host.no_cgroup': '"none"', 'host.no_cpuset_controller': 'cpuset', 'host.no_memory_controller': 'memory',
         'cgroup.busy': 'systemd-run --scope -p Delegate=yes'}


def refused(tag, *whats):
    return dict.fromkeys(whats, tag)


NO_CGROUP = refused('host.no_cgroup', 'memory', 'cpu_time', 'cpus', 'cpu_set', 'defaults')
# Kernel: before 5.14 RLIMIT_NPROC counts for a user id on the whole host, not in a user namespace. Runs of
# root's have an id of their own.
NO_CGROUP_OLD = {**NO_CGROUP, 'processes': 'host.no_cgroup'}
NO_CPUSET = refused('host.no_cpuset_controller', 'cpu_set')
# Kernel: Debian's since 6.12 have no memory and no cpuset controller for v1.
NO_MEMORY = {**refused('host.no_memory_controller', 'memory', 'defaults'), **NO_CPUSET}
NO_NAMESPACE = {**NO_CGROUP, **refused('host.userns', 'isolation', 'processes')}
NO_NAMESPACE_OLD = {**NO_NAMESPACE, 'processes': 'host.no_cgroup'}
# Kernel: no fresh proc may be mounted in a user namespace where the one that is there is masked.
NO_PROC = {**NO_CGROUP, **refused('launch.mount', 'isolation', 'processes')}
# Kernel: a v2 group has processes or hands controllers to groups below it, never both.
BUSY = refused('cgroup.busy', 'memory beside other processes')


@dataclass
class Host:
    name: str
    options: list
    tests: str = 'core'  # 'whole', 'core', 'none'
    refused: dict = field(default_factory=dict)  # what → tag
    on: dict = field(default_factory=dict)  # kernel → what is refused there instead
    hints: dict = field(default_factory=dict)  # tag → what its hint says there
    remedies: tuple = ()  # parts of lines that doctor prints
    kernels: tuple = ()  # only these

    def refusals(self, kernel):
        return self.on.get(kernel, self.refused)

    def hint(self, tag):
        return self.hints.get(tag, HINTS.get(tag, ''))


DELEGATE = {'host.no_cgroup': 'systemd-run --user --scope -p Delegate=yes'}


def without_namespaces(name, userns, hint, remedy=True, **more):
    return Host(name, ['--userns', userns, '--user', '1000'], 'none', NO_NAMESPACE, {'5.10': NO_NAMESPACE_OLD},
                {**DELEGATE, 'host.userns': hint}, (hint,) if remedy else (), **more)


def container(name, like, user, refusals):
    old = {'5.10': {**refusals, 'processes': 'host.no_cgroup'}}
    remedies = ('docker run --security-opt seccomp=unconfined ...', 'docker run --privileged --cgroupns=private ...')
    if like == 'kubernetes':
        remedies = ('securityContext: {procMount: Unmasked}, with hostUsers: false', 'securityContext: {privileged: true}')
    return Host(name, ['--container', like, '--user', user], 'none', refusals, old, remedies=remedies)


HOSTS = [
    Host('v2, root', [], 'whole'),
    Host('v2, delegated to a user', ['--user', '1000-delegated'], 'whole', {**NO_CPUSET, **BUSY},
         remedies=('/vm.scope/sup && xargs -rn1 < /sys/fs/cgroup/',)),
    Host('v2, user, nothing delegated', ['--user', '1000'], 'core', NO_CGROUP, {'5.10': NO_CGROUP_OLD}, DELEGATE,
         ('sandbox run --cgroup-parent user-1000',)),
    Host('v1, root', ['--cgroup', 'v1'], 'whole', on={'6.12': NO_MEMORY, 'newest': NO_MEMORY}),
    Host('hybrid, root', ['--cgroup', 'hybrid']),  # what v1 lacks since 6.12 its v2 tree has
    Host('v2 read-only, root', ['--cgroup', 'v2-ro'], 'core', NO_CGROUP,
         remedies=('mount -o remount,rw /sys/fs/cgroup',)),
    Host('no cgroups, root', ['--cgroup', 'none'], 'core', NO_CGROUP,
         remedies=('mount -t cgroup2 ',)),
    Host('systemd: `systemd-run --user --scope -p Delegate=yes`', ['--systemd', '--user', '1000-delegated'], 'core', NO_CPUSET),
    Host('systemd: a service with `Delegate=yes`', ['--systemd'], 'core', BUSY,
         remedies=('systemd-run --scope -p Delegate=yes sandbox run ...',)),
    Host('systemd: a user, nothing delegated', ['--systemd', '--user', '1000'], 'core', NO_CPUSET),
    without_namespaces('user.max_user_namespaces=0, user', 'max0', 'sysctl -w user.max_user_namespaces=15000'),
    without_namespaces('kernel.unprivileged_userns_clone=0, user', 'clone0', 'kernel.unprivileged_userns_clone=1'),
    without_namespaces('AppArmor denies namespaces, user', 'deny', 'kernel.apparmor_restrict_unprivileged_userns=0', False,
                       kernels=('6.12', 'newest')),
    without_namespaces('AppArmor as in Ubuntu, user', 'ubuntu', 'kernel.apparmor_restrict_unprivileged_userns=0', False,
                       kernels=('6.12', 'newest')),
    container('Docker, root', 'docker', 'root', {**NO_NAMESPACE, 'isolation without userns': 'host.namespaces'}),
    container('Docker, user', 'docker', '1000', NO_NAMESPACE),
    container('Kubernetes, user', 'kubernetes', '1000', NO_PROC),
]
