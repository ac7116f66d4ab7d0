"""Programs that a mode of the machine needs and this host may lack: Debian's packages, downloaded and
unpacked into the cache like the kernels, never installed."""
import os
import shutil
import subprocess

import kernels
from errors import CannotMake

SUITE = 'bookworm'


def runc(cache):
    """The path of a runc that the guest, which sees this host's files, can start."""
    found = shutil.which('runc')
    if found is not None:
        return found
    cache = os.path.abspath(cache)
    directory = os.path.join(cache, 'tools', 'runc')
    program = os.path.join(directory, 'usr/sbin/runc')
    os.makedirs(cache, exist_ok=True)
    with kernels.locked(os.path.join(cache, 'lock')):
        if not os.path.exists(program):
            download('runc', cache, directory)
    return program


def download(package, cache, directory):
    work = os.path.join(cache, 'apt')
    shutil.rmtree(work, ignore_errors=True)
    shutil.rmtree(directory, ignore_errors=True)
    try:
        options = kernels.apt_options(SUITE, work)
        kernels.apt(['apt-get', *options, '-qq', 'update'])
        kernels.apt(['apt-get', *options, '-qq', 'download', package], cwd=work)
        os.makedirs(directory)
        file = next(name for name in os.listdir(work) if name.endswith('.deb'))
        subprocess.run(['dpkg-deb', '-x', os.path.join(work, file), directory], check=True)
    except (OSError, StopIteration, subprocess.SubprocessError) as error:
        raise CannotMake(f'no {package}: {error}') from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
