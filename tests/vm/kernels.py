"""Kernels: Debian's own packages for virtual machines, downloaded and unpacked, never installed.

Where to download from is what apt is configured with on this machine; its lists are not touched.
"""
import contextlib
import fcntl
import lzma
import os
import re
import shutil
import subprocess

from errors import CannotMake

# Our name → the suites to try, in order, and the package there. The first is where fixes arrive.
KERNELS = {
    '6.1': [('bookworm-security', 'linux-image-cloud-amd64'), ('bookworm', 'linux-image-cloud-amd64')],
    '5.10': [('bullseye-security', 'linux-image-cloud-amd64'), ('bullseye', 'linux-image-cloud-amd64')],
    '6.12': [('bookworm-security', 'linux-image-6.12-cloud-amd64'),
             ('bookworm-backports', 'linux-image-cloud-amd64')],
    'newest': [('trixie-backports', 'linux-image-cloud-amd64'), ('trixie', 'linux-image-cloud-amd64')],
}
KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'


class Kernel:
    """An unpacked package: DIRECTORY/vmlinuz, DIRECTORY/modules."""

    def __init__(self, directory):
        self.directory = directory
        self.image = os.path.join(directory, 'vmlinuz')
        self.modules = os.path.realpath(os.path.join(directory, 'modules'))

    def module_files(self, wanted):
        """The files of these modules and of all they need, in the order to load them in; those
        that are built in have none."""
        files = {name[:-3].replace('-', '_'): os.path.join(folder, name)
                 for folder, _, names in os.walk(self.modules) for name in names if name.endswith('.ko')}
        ordered = []

        def add(name):
            file = files.get(name.replace('-', '_'))
            if file is None or file in ordered:
                return
            with open(file, 'rb') as stream:
                needs = re.search(rb'\0depends=([^\0]*)\0', stream.read())
            for other in filter(None, needs.group(1).decode().split(',') if needs else []):
                add(other)
            ordered.append(file)

        for name in wanted:
            add(name)
        return ordered


def get(name, cache):
    """The kernel of that name, from the cache or downloaded into it."""
    os.makedirs(cache, exist_ok=True)
    directory = os.path.join(os.path.abspath(cache), 'kernels', name)
    with locked(os.path.join(cache, 'lock')):
        if not os.path.exists(os.path.join(directory, 'complete')):
            shutil.rmtree(directory, ignore_errors=True)
            os.makedirs(directory)
            download(name, cache, directory)
            make_usable(directory)
            open(os.path.join(directory, 'complete'), 'w').close()
    return Kernel(directory)


@contextlib.contextmanager
def locked(path):
    with open(path, 'w') as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def download(name, cache, directory):
    reasons = []
    work = os.path.join(os.path.abspath(cache), 'apt')
    for suite, package in KERNELS[name]:
        shutil.rmtree(work, ignore_errors=True)
        try:
            for file in fetch(suite, package, work):
                subprocess.run(['dpkg-deb', '-x', file, directory], check=True)
            return
        except (CannotMake, OSError, subprocess.SubprocessError) as error:
            reasons.append(f'{suite}: {error}')
        finally:
            shutil.rmtree(work, ignore_errors=True)
    raise CannotMake(f'no kernel {name}: {"; ".join(reasons)}')


def fetch(suite, package, work):
    """The files of the packages that make up this kernel."""
    options = apt_options(suite, work)
    apt(['apt-get', *options, '-qq', 'update'])
    image = [each for each in depends(options, package) if re.match(r'linux-image-\d', each)]
    if not image:
        raise CannotMake(f'no {package} there')
    # Since 7.0 the image is split.
    parts = [each for each in depends(options, image[0]) if re.match(r'linux-(binary|modules|base)-\d', each)]
    folder = os.path.join(work, 'files')
    os.makedirs(folder)
    apt(['apt-get', *options, '-qq', 'download', image[0], *parts], cwd=folder)
    return sorted(os.path.join(folder, file) for file in os.listdir(folder) if file.endswith('.deb'))


def apt(command, cwd=None):
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise CannotMake((done.stdout.strip().splitlines() or [f'{command[0]} failed'])[-1])
    return done.stdout


def archives():
    """(address of the archive, address of its security updates) as apt has them here."""
    main = security = None
    targets = apt(['apt-get', 'indextargets', '--format', '$(REPO_URI) $(CODENAME) $(LABEL)',
                   'Created-By: Packages'])
    for line in targets.splitlines():
        address, codename, *label = line.split()
        if codename.endswith('-security'):
            security = security or address
        elif '-' not in codename and label == ['Debian']:
            main = main or address
    return main, security


def apt_options(suite, work):
    """Options for an apt with one suite and lists of its own."""
    main, security = archives()
    address = security if suite.endswith('-security') else main
    if address is None:
        raise CannotMake('apt has no address for it here')
    for folder in ('lists/partial', 'cache/archives/partial'):
        os.makedirs(os.path.join(work, folder))
    signed = f' signed-by={KEYRING}' if os.path.exists(KEYRING) else ''
    sources = os.path.join(work, 'sources.list')
    with open(sources, 'w') as file:
        file.write(f'deb [arch=amd64{signed}] {address} {suite} main\n')
    settings = {'Dir::Etc::sourcelist': sources, 'Dir::Etc::sourceparts': '/dev/null',
                'Dir::State::lists': os.path.join(work, 'lists'), 'Dir::Cache': os.path.join(work, 'cache'),
                'APT::Sandbox::User': 'root', 'Acquire::Languages': 'none', 'Acquire::Retries': '3'}
    return [word for key, value in settings.items() for word in ('-o', f'{key}={value}')]


def depends(options, package):
    text = apt(['apt-cache', *options, 'show', '--no-all-versions', package])
    line = re.search(r'^Depends: (.*)$', text, re.MULTILINE)
    return [re.split(r'[ (|]', each.strip())[0] for each in line.group(1).split(',')] if line else []


def make_usable(directory):
    """Uncompressed modules, their index, and the two names that Kernel knows."""
    for folder, _, names in os.walk(directory):
        for name in names:
            if name.endswith('.ko.xz'):
                path = os.path.join(folder, name)
                with open(path, 'rb') as packed, open(path[:-3], 'wb') as plain:
                    plain.write(lzma.decompress(packed.read()))
                os.unlink(path)
    image = find(directory, lambda name: name.startswith('vmlinuz'))
    modules = os.path.dirname(find(directory, lambda name: name == 'modules.builtin'))
    os.symlink(os.path.relpath(image, directory), os.path.join(directory, 'vmlinuz'))
    os.symlink(os.path.relpath(modules, directory), os.path.join(directory, 'modules'))
    shutil.rmtree(os.path.join(directory, 'usr/share'), ignore_errors=True)
    # depmod wants lib/modules/VERSION below its base; newer packages have them in usr/lib.
    base = os.path.join(directory, 'base')
    os.makedirs(os.path.join(base, 'lib/modules'))
    os.symlink(modules, os.path.join(base, 'lib/modules', os.path.basename(modules)))
    subprocess.run(['busybox', 'depmod', '-b', base, os.path.basename(modules)], check=True)
    shutil.rmtree(base)


def find(directory, matches):
    for folder, _, names in os.walk(directory):
        for name in names:
            if matches(name):
                return os.path.join(folder, name)
    raise CannotMake(f'an unknown kind of kernel package in {directory}')
