"""The first file system of the machine: a cpio archive in the "newc" format, written here."""
import os
import stat


class Archive:
    """Collects entries; bytes() is what the kernel unpacks. Needs no root, not even for devices."""

    def __init__(self):
        self._parts = []
        self._count = 0

    def directory(self, name):
        self._add(name, stat.S_IFDIR | 0o755)

    def device(self, name, major, minor):
        self._add(name, stat.S_IFCHR | 0o600, device=(major, minor))

    def file(self, name, content, executable=False):
        self._add(name, stat.S_IFREG | (0o755 if executable else 0o644), content)

    def copy(self, name, path, executable=False):
        with open(path, 'rb') as stream:
            self.file(name, stream.read(), executable)

    def bytes(self):
        self._add('TRAILER!!!', 0)
        return b''.join(self._parts)

    def _add(self, name, mode, content=b'', device=(0, 0)):
        self._count += 1
        encoded = os.fsencode(name) + b'\0'
        links, owner, group, time, checksum = 1, 0, 0, 0, 0
        fields = (self._count, mode, owner, group, links, time, len(content), 0, 0, *device, len(encoded),
                  checksum)
        header = b'070701' + b''.join(b'%08X' % field for field in fields) + encoded
        self._parts += [padded(header), padded(content)]


def padded(data):
    return data + b'\0' * (-len(data) % 4)
