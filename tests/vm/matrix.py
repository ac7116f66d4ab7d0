"""`run --all`: every kind of host (hosts.py) with every kernel, and the table that README shows."""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

import hosts
import kernels
import selection

OPTIONS_OF_LIMITS = {'memory': 'memory', 'cpu_time': 'cpu-time', 'processes': 'processes', 'cpus': 'cpus',
                     'cpu_set': 'cpu-set'}
SKIPPED = 77
MACHINE_FAILED = 125


class Outcome:
    """What one machine said, from its log."""

    def __init__(self, host, kernel_name, log):
        self.host, self.kernel_name = host, kernel_name
        self.release = self.left = None
        self.offers, self.hints, self.doctor, self.remedies = {}, {}, {}, []
        self.tests = {'passed': [], 'skipped': [], 'failed': []}
        self.status = None
        self.cases = 0
        with open(log, errors='replace') as file:
            for line in file:
                self._read(line.rstrip('\n').split('\t'))

    def _read(self, words):
        kind, *rest = words
        if kind == 'kernel':
            self.release = rest[0]
        elif kind == 'offer' and len(rest) == 3:
            self.offers[rest[0]], self.hints[rest[0]] = rest[1:]
        elif kind == 'doctor' and len(rest) == 2:
            self.doctor[rest[0]] = rest[1].strip()
        elif kind == 'mend':
            self.remedies.append(rest[0])
        elif kind in self.tests:
            self.tests[kind].append(rest[0])
        elif kind == 'cases':
            self.cases = int(rest[0])
        elif kind == 'left':
            self.left = rest[0]
        elif kind == 'status':
            self.status = int(rest[0])

    @property
    def is_missing(self):
        return self.status in (None, SKIPPED)

    def complaints(self):
        """What is not as it must be, a line each."""
        if self.status != 0 or self.left is None:
            return [f'the machine ended with exit status {self.status}']
        refused = self.host.refusals(self.kernel_name)
        found = [f'failed: {name}' for name in self.tests['failed']]
        said = sum(map(len, self.tests.values()))
        found += [f'{said} tests of {self.cases} said how they ended'] if said < self.cases else []
        found += [f'left behind: {self.left}'] if self.left else []
        for what, verdict in self.offers.items():
            wanted = refused.get(what, 'ok')
            if verdict != wanted:
                found.append(f'{what}: {verdict}, not {wanted}')
            if verdict != 'ok' and self.host.hint(verdict) not in self.hints[what].replace('\\"', '"'):
                found.append(f'{what}: no "{self.host.hint(verdict)}" in the hint "{self.hints[what]}"')
        for part in self.host.remedies:
            if not any(part in remedy for remedy in self.remedies):
                found.append(f'doctor names no remedy "{part}"')
        return found + self._disagreements()

    def _disagreements(self):
        """doctor promises what runs then get, limit by limit."""
        if self.offers.get('isolation') != 'ok':
            return []
        found = [f'doctor: {limit} by "{self.doctor.get(limit)}", and the run: {self.offers[limit]}'
                 for limit in hosts.LIMITS
                 if (self.doctor.get(limit, 'nothing') != 'nothing') != (self.offers[limit] == 'ok')]
        if (self.doctor.get('status') == '0') != (self.offers['defaults'] == 'ok'):
            found.append(f'doctor ends with {self.doctor.get("status")}, a run with defaults: {self.offers["defaults"]}')
        return found

    def cell(self):
        if self.is_missing:
            return '–'
        wrong = len(self.complaints())
        counts = [f'{len(self.tests["passed"])}' if any(self.tests.values()) else 'checked']
        if self.tests['skipped']:
            counts.append(f'{len(self.tests["skipped"])} skipped')
        if wrong:
            counts.append(f'**{wrong} wrong**')
        return ', '.join(counts)


class Matrix:
    def __init__(self, build, cache, kernel_names, host_pattern, most_tests, here):
        self._most = most_tests
        self._build, self._cache, self._here = build, os.path.abspath(cache), here
        self._logs = os.path.join(self._cache, 'all')
        self._kernels = kernel_names or list(kernels.KERNELS)
        self._pattern = re.compile(host_pattern or '')
        if not kernel_names and not host_pattern:
            shutil.rmtree(self._logs, ignore_errors=True)
        os.makedirs(self._logs, exist_ok=True)

    def run(self):
        """Exit status: 0 all is as it must be, 1 not, 77 no machine can be made here."""
        for kernel in self._kernels:
            for host in hosts.HOSTS:
                if self._pattern.search(host.name) and (not host.kernels or kernel in host.kernels):
                    self._run_one(host, kernel)
        outcomes = self._outcomes()
        print(table(outcomes))
        if all(outcome.is_missing for outcome in outcomes):
            return SKIPPED
        return 1 if any(outcome.complaints() for outcome in outcomes if not outcome.is_missing) else 0

    def _log(self, host, kernel):
        return os.path.join(self._logs, re.sub(r'[^a-z0-9]+', '-', f'{kernel} {host.name}'.lower()) + '.log')

    def _outcomes(self):
        pairs = [(host, kernel, self._log(host, kernel)) for host in hosts.HOSTS for kernel in kernels.KERNELS]
        return [Outcome(host, kernel, log) for host, kernel, log in pairs if os.path.exists(log)]

    def _run_one(self, host, kernel):
        log = self._log(host, kernel)
        folder = tempfile.mkdtemp(prefix='sandbox-vm-all.')
        try:
            self._fill(folder, host)
            off = ','.join(OPTIONS_OF_LIMITS[limit] for limit in hosts.LIMITS if limit in host.refusals(kernel))
            command = [os.path.join(self._here, 'run'), '--kernel', kernel, '--cache', self._cache, '--timeout', '3000',
                       '--share', os.path.join(folder, 'results'), *host.options, '--', os.path.join(folder, 'suite.sh'), off]
            # Why twice: a kernel patches its own code as it runs, which emulation now and then gets wrong, and panics.
            for _ in range(2):
                with open(log, 'wb') as file:
                    status = subprocess.run(command, cwd=folder, stdout=file, stderr=file).returncode
                if status != MACHINE_FAILED:
                    break
            valid = 0 if status else self._validate(folder, log)
            with open(log, 'a') as file:
                file.write(f'\nstatus\t{status or valid}\n')
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        outcome = Outcome(host, kernel, log)
        print(f'{kernel}, {host.name}: {outcome.cell()}', file=sys.stderr)
        for complaint in [] if outcome.is_missing else outcome.complaints():
            print(f'  {complaint}', file=sys.stderr)
        sys.stderr.flush()

    def _fill(self, folder, host):
        """All that the guest needs, where its user may read it: the build tree may be in a home."""
        for name in ('sandbox', 'tests/integration_tests'):
            shutil.copy(os.path.join(self._build, name), folder)
        shutil.copytree(os.path.join(self._build, 'probes'), os.path.join(folder, 'probes'))
        for name in ('suite.sh', 'own_group.sh'):
            shutil.copy(os.path.join(self._here, name), folder)
        listed = subprocess.run([os.path.join(folder, 'integration_tests'), '--list-test-cases', '--no-version', '--no-intro'],
                                stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
        listed = [line for line in listed if not line.startswith(('[doctest]', '==='))]
        with open(os.path.join(folder, 'cases'), 'w') as file:
            file.writelines(name + '\n' for name in selection.names(listed, selection.lower(host.tests, self._most)))
        os.chmod(folder, 0o755)
        os.mkdir(os.path.join(folder, 'results'))
        os.chmod(os.path.join(folder, 'results'), 0o777)

    def _validate(self, folder, log):
        results = os.path.join(folder, 'results')
        if not glob.glob(os.path.join(results, '*.json')):
            return 0
        with open(log, 'a') as file:
            validator = os.path.join(self._here, '..', 'schema', 'validate.py')
            done = subprocess.run(['/usr/bin/python3', '-B', validator, results], stdout=file, stderr=file).returncode
        return 0 if done == SKIPPED else done


def table(outcomes):
    """Hosts by kernels; a cell is how many tests passed and skipped, or – where there was no such machine."""
    releases = {each.kernel_name: each.release for each in outcomes if each.release}
    lines = ['| host and caller | ' + ' | '.join(short(releases[name]) for name in releases) + ' | refused there |',
             '|---|' + '---|' * len(releases) + '---|']
    for host in hosts.HOSTS:
        of_host = {each.kernel_name: each for each in outcomes if each.host is host}
        if not of_host:
            continue
        cells = [of_host[name].cell() if name in of_host else '–' for name in releases]
        if set(cells) == {'–'}:
            continue  # Why: a row of a host that never came up would say that nothing is refused there.
        lines.append(f'| {host.name} | ' + ' | '.join(cells) + f' | {refusals(of_host)} |')
    return '\n'.join(lines)


def short(release):
    return re.sub(r'-(cloud-)?amd64$|\+deb\d+.*$', '', release)


def refusals(of_host):
    """What was refused with which tag, and on which kernels, where not on all."""
    kernels_of = {}
    for name, outcome in of_host.items():
        for what, verdict in outcome.offers.items():
            if verdict != 'ok' and what != 'defaults':
                kernels_of.setdefault((what, verdict), []).append(name)
    seen = [name for name, outcome in of_host.items() if outcome.offers]
    groups = {}
    for (what, verdict), names in kernels_of.items():
        groups.setdefault((verdict, tuple(names)), []).append(what)
    texts = []
    for (verdict, names), whats in groups.items():
        listed = ', '.join(f'`{what}`' if what in hosts.LIMITS else what for what in whats)
        where = '' if list(names) == seen else f' ({", ".join(names)})'
        texts.append(f'{listed}: `{verdict}`{where}')
    return '; '.join(texts) or 'nothing'
