"""One machine: its files (virtiofsd), QEMU, what it prints and its end."""
import os
import re
import secrets
import selectors
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from errors import CannotMake, MachineFailed
from initramfs import Archive

VIRTIOFSD = ('/usr/lib/qemu/virtiofsd', '/usr/libexec/virtiofsd')
SYSTEMD = ('/lib/systemd/systemd', '/usr/lib/systemd/systemd')
MEMORY_MIB = 1024
# The profile in apparmor/NAME.bin that the command runs under.
APPARMOR = {'deny': 'vmlab_no_userns', 'ubuntu': 'vmlab_ubuntu'}
# What the initramfs must load before it sees any other file; what is built in is skipped.
MODULES = ('virtio_pci', 'virtio_console', 'overlay', 'virtiofs')


def first_existing(paths):
    return next((path for path in paths if os.path.exists(path)), None)


def check_host(systemd):
    missing = [program for program in ('qemu-system-x86_64', 'busybox', 'dpkg-deb', 'apt-get', 'unshare', 'setpriv')
               if shutil.which(program) is None]
    if first_existing(VIRTIOFSD) is None:
        missing.append('virtiofsd')
    if systemd and first_existing(SYSTEMD) is None:
        missing.append('systemd')
    if missing:
        raise CannotMake(f'this host lacks {", ".join(missing)}')
    if os.geteuid() != 0 or subprocess.run(['unshare', '--mount', 'true'], stderr=subprocess.DEVNULL).returncode:
        raise CannotMake('root is needed, and the right to mount')


class Stream:
    """One output of the guest, passed on until the token that ends it."""

    def __init__(self, target, token):
        self._target = target
        self._token = token
        self._held = b''
        self.has_ended = False

    def feed(self, data):
        if self.has_ended:
            return
        self._held += data
        end = self._held.find(self._token)
        if end >= 0:
            self.has_ended = True
        else:
            # A token may be cut anywhere: what could be its beginning stays back.
            end = len(self._held) - next((n for n in range(len(self._token) - 1, 0, -1)
                                          if self._held.endswith(self._token[:n])), 0)
        self._write(self._held[:end])
        self._held = self._held[end:]

    def close(self):
        if not self.has_ended:
            self._write(self._held)
            self.has_ended = True

    def _write(self, data):
        self._target.write(data)
        self._target.flush()


class Machine:
    """Made, run once, gone: leaving the `with` block ends every process and removes every file."""

    def __init__(self, options, kernel, here, merge_outputs):
        self._options = options
        self._kernel = kernel
        self._here = here
        self._merge = merge_outputs
        self._token = secrets.token_hex(16)
        self._processes = []
        self._shares = []
        self._status = None
        self._has_started = False
        self._control = b''

    def __enter__(self):
        self._folder = tempfile.mkdtemp(prefix='sandbox-vm.')
        return self

    def __exit__(self, *_):
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        for process in self._processes:
            if process.poll() is None:
                process.kill()
        for process in self._processes:
            process.wait()
        # The mounts lived in virtiofsd's namespaces and are gone with them.
        shutil.rmtree(self._folder, ignore_errors=True)

    def run(self):
        started = time.monotonic()
        self._share('root', '/', read_only=True)
        for number, directory in enumerate(self._options.share):
            self._share(f'share{number}', os.path.realpath(directory), read_only=False)
        with open(self._path('initramfs'), 'wb') as file:
            file.write(self._initramfs())
        self._wait_for_shares()
        qemu, outputs = self._start_qemu()
        return self._relay(qemu, outputs, started + self._options.timeout)

    def _path(self, name):
        return os.path.join(self._folder, name)

    def _spawn(self, command, log, fds=()):
        # Why: setpriv, so that nothing outlives us even where we are killed by SIGKILL.
        with open(self._path(log), 'wb') as file:
            process = subprocess.Popen(['setpriv', '--pdeathsig', 'KILL', *command], stdin=subprocess.DEVNULL,
                                       stdout=file, stderr=subprocess.STDOUT, pass_fds=fds, start_new_session=True)
        self._processes.append(process)
        return process

    # --- files ----------------------------------------------------------------------------------
    def _share(self, tag, source, read_only):
        """Serves a directory. A mount namespace of its own holds a plain bind: without the mounts
        below (/proc, /dev), and read-only whatever the guest tries."""
        socket, mount = self._path(tag + '.socket'), self._path(tag)
        os.mkdir(mount)
        script = ['set -e', 'mount --make-rprivate /', 'mount --bind "$source" "$mount"']
        for point in self._mounts_to_add() if source == '/' else []:
            script.append(f'mount --bind {shlex.quote(point)} "$mount"{shlex.quote(point)}')
            script.append(f'mount -o remount,bind,ro "$mount"{shlex.quote(point)}')
        if read_only:
            script.append('mount -o remount,bind,ro "$mount"')
        script.append('exec "$daemon" --socket-path="$socket" -o source="$mount" -o sandbox=chroot '
                      f'-o cache={"always" if read_only else "auto"} --thread-pool-size=0')
        values = {'source': source, 'mount': mount, 'daemon': first_existing(VIRTIOFSD), 'socket': socket}
        self._spawn(['env', *(f'{name}={value}' for name, value in values.items()),
                     'unshare', '--mount', 'sh', '-c', '\n'.join(script)], tag + '.log')
        self._shares.append((tag, socket))

    def _mounts_to_add(self):
        """Mount points, not the root's, that hold what the command needs."""
        points = []
        for path in (os.getcwd(), self._here, self._kernel.directory, os.path.dirname(self._options.runc_path) or '/',
                     *self._absolute_words()):
            while path != '/' and not os.path.ismount(path):
                path = os.path.dirname(path)
            if path != '/' and path not in points:
                points.append(path)
        return sorted(points)

    def _absolute_words(self):
        words = [word.split('=', 1)[-1] for word in self._options.command]
        return [os.path.realpath(word) for word in words if word.startswith('/') and os.path.exists(word)]

    def _wait_for_shares(self):
        deadline = time.monotonic() + 30
        for (tag, socket), process in zip(self._shares, self._processes):
            while not os.path.exists(socket):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise MachineFailed(f'virtiofsd did not start: {self._tail(tag + ".log")}')
                time.sleep(0.01)

    def _initramfs(self):
        archive = Archive()
        for name in ('bin', 'dev', 'proc', 'sys', 'modules', 'vm', 'lower', 'upper', 'root'):
            archive.directory(name)
        archive.device('dev/console', 5, 1)
        archive.copy('bin/busybox', shutil.which('busybox'), executable=True)
        archive.copy('init', os.path.join(self._here, 'guest', 'init'), executable=True)
        for number, file in enumerate(self._kernel.module_files(MODULES)):
            archive.copy(f'modules/{number:02}.ko', file)
        for name in ('setup', 'functions', 'cgroups', 'systemd', 'service', 'command', 'docker'):
            archive.copy(f'vm/{name}', os.path.join(self._here, 'guest', name), executable=True)
        if self._options.userns in APPARMOR:
            archive.copy('vm/apparmor', os.path.join(self._here, 'apparmor', self._options.userns + '.bin'))
        archive.file('vm/runc', os.fsencode(self._options.runc_path))
        archive.file('vm/config', self._config().encode())
        archive.file('vm/argv', b''.join(os.fsencode(word) + b'\0' for word in self._options.command))
        return archive.bytes()

    def _config(self):
        """Variables of the guest's scripts."""
        options = self._options
        # The guest has a /tmp of its own; what the command names of ours is shown there.
        kept = {found for text in (os.getcwd() + '/', self._here + '/', options.runc_path, *options.command)
                for found in re.findall(r'/tmp/[\w.+-]+', text) if os.path.exists(found)}
        values = {
            'container': options.container or '', 'apparmor': APPARMOR.get(options.userns, ''),
            'cgroup': options.cgroup, 'user': options.user, 'userns': options.userns,
            'systemd': first_existing(SYSTEMD) if options.systemd else '',
            'directory': os.getcwd(), 'kept': ' '.join(sorted(kept)),
            'shares': ' '.join(os.path.realpath(directory) for directory in options.share),
            'modules': self._kernel.modules, 'token': self._token, 'merge': 'yes' if self._merge else '',
        }
        return ''.join(f'{name}={shlex.quote(str(value))}\n' for name, value in values.items())

    # --- QEMU -----------------------------------------------------------------------------------
    def _start_qemu(self):
        devices, ends, outputs = [], [], {}
        for tag, socket in self._shares:
            devices += ['-chardev', f'socket,id={tag},path={socket}',
                        '-device', f'vhost-user-fs-pci,chardev={tag},tag={tag},queue-size=1024']
        for number, name in enumerate(('out', 'err', 'control'), start=1):
            outputs[name], end = os.pipe()
            ends.append(end)
            devices += ['-add-fd', f'fd={end},set={number}',
                        '-chardev', f'file,id={name},path=/dev/fdset/{number},append=on',
                        '-device', f'virtserialport,bus=serial.0,nr={number},chardev={name},name={name}']
        memory = f'{MEMORY_MIB}M'
        qemu = self._spawn(
            ['qemu-system-x86_64', '-accel', 'tcg,thread=multi', '-machine', 'pc', '-cpu', 'max,-la57,-smap', '-smp', '2',
             '-m', memory, '-object', f'memory-backend-memfd,id=memory,size={memory},share=on',
             '-numa', 'node,memdev=memory', '-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none',
             '-serial', f'file:{self._path("console")}', '-kernel', self._kernel.image,
             '-initrd', self._path('initramfs'), '-append', self._kernel_line(),
             '-device', 'virtio-serial-pci,id=serial,max_ports=8', *devices], 'qemu.log', ends)
        for end in ends:
            os.close(end)
        return qemu, outputs

    def _kernel_line(self):
        # Why: norandmaps makes fork and exec three times as fast in emulation.
        words = ['console=ttyS0', 'panic=-1', 'tsc=reliable', 'mitigations=off', 'norandmaps',
                 'loglevel=6' if self._options.console else 'quiet']
        if self._options.systemd:
            legacy = {'v1': '1', 'hybrid': '0'}.get(self._options.cgroup)
            words += ['systemd.unit=vm.target', 'systemd.show_status=0', 'systemd.log_target=null',
                      f'systemd.unified_cgroup_hierarchy={0 if legacy else 1}']
            words += [f'systemd.legacy_systemd_cgroup_controller={legacy}'] if legacy else []
        return ' '.join(words)

    def _relay(self, qemu, outputs, deadline):
        token = self._token.encode()
        streams = {outputs['out']: Stream(sys.stdout.buffer, token),
                   outputs['err']: Stream(sys.stderr.buffer, token)}
        with selectors.DefaultSelector() as selector:
            for fd in outputs.values():
                selector.register(fd, selectors.EVENT_READ)
            while self._status is None or not all(stream.has_ended for stream in streams.values()):
                if time.monotonic() > deadline:
                    where = 'the command runs' if self._has_started else f'it boots: {self._tail("console")}'
                    raise MachineFailed(f'stopped after {self._options.timeout:g} s while {where}', 124)
                for key, _ in selector.select(1):
                    data = os.read(key.fd, 1 << 16)
                    if not data:
                        selector.unregister(key.fd)
                    elif key.fd in streams:
                        streams[key.fd].feed(data)
                    else:
                        self._hear(data)
                if not selector.get_map():
                    break
            for key, _ in selector.select(0):  # remarks made just before the end
                if key.fd == outputs['control']:
                    self._hear(os.read(key.fd, 1 << 16))
        for stream in streams.values():
            stream.close()
        if self._options.console:
            sys.stderr.write(self._tail('console', 1 << 20))
        if self._status is None:
            qemu.wait()
            raise MachineFailed(f'it ended before the command: {self._tail("console")}{self._tail("qemu.log")}')
        return self._status

    @property
    def has_started(self):
        """Whether the command did."""
        return self._has_started

    def _hear(self, data):
        """The control port: "started", "exit STATUS" and remarks, a line each."""
        *lines, self._control = (self._control + data).split(b'\n')
        for line in lines:
            word, _, rest = line.decode(errors='replace').partition(' ')
            if word == 'exit':
                self._status = int(rest)
            elif word == 'started':
                self._has_started = True
            else:
                print(f'tests/vm/run: the machine says: {word} {rest}', file=sys.stderr)

    def _tail(self, log, size=1500):
        try:
            with open(self._path(log), errors='replace') as file:
                return '\n' + file.read()[-size:]
        except OSError:
            return ''
