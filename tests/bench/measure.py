"""Timing whole commands, interleaved, and printing ratios. Nothing here knows what is compared."""
import collections
import json
import math
import os
import statistics
import sys
import time


# Milliseconds from posix_spawn to wait4; of all processes that it waited for; the exit status.
Run = collections.namedtuple("Run", "wall_ms cpu_ms status")


def spawn(argv, stdout=os.devnull, files=()):
    """One run of a command. `files`: (descriptor, path) to open for reading."""
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, stdout, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
    ] + [(os.POSIX_SPAWN_OPEN, number, path, os.O_RDONLY, 0) for number, path in files]
    start = time.perf_counter()
    pid = os.posix_spawn(argv[0], argv, os.environ, file_actions=actions)
    _, status, usage = os.wait4(pid, 0)
    wall_ms = (time.perf_counter() - start) * 1000
    cpu_ms = (usage.ru_utime + usage.ru_stime) * 1000
    return Run(wall_ms, cpu_ms, os.waitstatus_to_exitcode(status))


def interleaved(commands, rounds, files=None):
    """{name: [Run, ...]} for {name: argv} (and {name: files} of spawn_ms), A B C A B C ..., so that a machine that gets slower or
    faster meanwhile does so for all. A command that fails is dropped, with its exit status."""
    times = {name: [] for name in commands}
    failed = {}
    for round_number in range(rounds + 2):  # two rounds to warm up
        for name, argv in commands.items():
            if name in failed:
                continue
            run = spawn(argv, files=(files or {}).get(name, ()))
            if run.status != 0:
                failed[name] = run.status
                del times[name]
            elif round_number >= 2:
                times[name].append(run)
    return times, failed


def number(option, otherwise):
    """The number behind an option of the command line."""
    words = sys.argv[1:]
    return int(words[words.index(option) + 1]) if option in words else otherwise


def median(values):
    return statistics.median(values)


def percentile(values, share):
    """By nearest rank: the least value that `share` of all do not exceed."""
    return sorted(values)[max(1, math.ceil(len(values) * share)) - 1]


def print_table(header, rows):
    rows = [header] + [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(header))]
    for number, row in enumerate(rows):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")
        if number == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")


def report(name, header, rows, document):
    """A table for people, or with --json one document."""
    if "--json" in sys.argv[1:]:
        print(json.dumps({"bench": name, "kernel": os.uname().release, **document}))
    else:
        print(f"{name} on {os.uname().release}, {os.cpu_count()} CPUs")
        print_table(header, rows)


def sandbox_binary():
    path = os.environ.get("SANDBOX_BINARY") or os.path.join(
        os.path.dirname(os.path.abspath(__file__)), "../../build/sandbox")
    if not os.access(path, os.X_OK):
        sys.exit(f"no sandbox binary at {path}: build first, or set SANDBOX_BINARY")
    return os.path.realpath(path)
