"""What a run must not leave on the host, as it is now."""

import glob
import os
import re


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def processes():
    """{pid: (parent, state, name)}"""
    table = {}
    for entry in glob.glob("/proc/[0-9]*/stat"):
        match = re.match(r"(\d+) \((.*)\) (\S) (\d+) ", read(entry), re.DOTALL)
        if match:
            table[int(match[1])] = (int(match[4]), match[3], match[2])
    return table


def descendants():
    """Of this process, the living and the dead that nobody waited for."""
    table = processes()
    found = set()
    grown = True
    while grown:
        grown = False
        for pid, (parent, _, _) in table.items():
            if pid not in found and (parent == os.getpid() or parent in found):
                found.add(pid)
                grown = True
    return sorted(f"{pid} {table[pid][2]} {table[pid][1]}" for pid in found)


# Of the supervisors that the load has started. Others may run on this machine at the same time.
SUPERVISORS = set()


def all_groups():
    """{path: number of its supervisor}"""
    found = {}
    for folder, names, _ in os.walk("/sys/fs/cgroup"):
        for name in list(names):
            match = re.match(r"sandbox\.(\d+)\.", name)
            if match:
                names.remove(name)
                found[os.path.join(folder, name)] = int(match[1])
    return found


# Numbers of processes come again: what somebody has left here before us is not ours.
OLDER_GROUPS = set(all_groups())


def groups():
    """The cgroups of our supervisors."""
    return sorted(path for path, pid in all_groups().items() if pid in SUPERVISORS and path not in OLDER_GROUPS)


def lasting():
    """What must be the same before and after, by name."""
    return {
        "processes": descendants(),
        "cgroups": groups(),
        "mounts": read("/proc/self/mountinfo").splitlines(),
        "descriptors": sorted(os.listdir("/proc/self/fd")),
        "/dev/shm": sorted(os.listdir("/dev/shm")) if os.path.isdir("/dev/shm") else [],
        "/dev/mqueue": sorted(os.listdir("/dev/mqueue")) if os.path.isdir("/dev/mqueue") else [],
        "System V shm": read("/proc/sysvipc/shm").splitlines(),
        "System V semaphores": read("/proc/sysvipc/sem").splitlines(),
        "System V queues": read("/proc/sysvipc/msg").splitlines(),
    }


def differences(before, after):
    """One line for each thing that is new or gone."""
    lines = []
    for name, was in before.items():
        now = after[name]
        lines += [f"{name}: new: {item}" for item in now if item not in was]
        lines += [f"{name}: gone: {item}" for item in was if item not in now]
    return lines


def kernel_memory_kib():
    """What the kernel itself uses, which the whole machine shares."""
    text = read("/proc/meminfo")
    return sum(int(re.search(rf"^{name}:\s+(\d+)", text, re.MULTILINE)[1])
               for name in ("Slab", "Percpu", "PageTables", "KernelStack"))


def cgroup_count():
    """Of all hierarchies, the dying ones included."""
    return sum(int(line.split()[2]) for line in read("/proc/cgroups").splitlines() if not line.startswith("#"))


def open_files():
    return int(read("/proc/sys/fs/file-nr").split()[0])


def complaints():
    """What the kernel has logged of faults of its own; empty where that can't be read."""
    try:
        fd = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return []
    found = []
    try:
        while True:
            try:
                line = os.read(fd, 8192).decode(errors="replace")
            except BrokenPipeError:
                continue
            if re.search(r"BUG:|Oops|WARNING:|general protection|soft lockup|hung task", line):
                found.append(line.split("\n")[0])
    except BlockingIOError:
        return found
    except OSError:
        return found
    finally:
        os.close(fd)
