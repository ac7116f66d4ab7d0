"""What became of a run with a fault, and whether that may be."""
import errno
import glob
import json
import os
import re
import time
from pathlib import Path

TREE = Path(__file__).parents[2]
# Of the public table: tag → exit status.
EXIT_STATUS = {"exit_usage": 2, "exit_sandbox": 125, "exit_not_executable": 126, "exit_not_found": 127}
TAGS = {tag: EXIT_STATUS[name]
        for tag, name in re.findall(r"TagInfo\{Tag::\w+, \"([\w.]+)\", (\w+)",
                                    (TREE / "src/base/tags.cc").read_text())}
# What may truly be said of a program by an errno of ours that names it.
ABOUT_A_FILE = {errno.ENOENT, errno.EACCES, errno.ENOTDIR, errno.ELOOP, errno.ENOEXEC, errno.EPERM, errno.E2BIG}
# Nobody's request or program is to blame for these.
MACHINE_FAULTS = ("EIO", "ENOMEM", "EMFILE", "ENFILE")
# By these the kernel says that the host has not got something, or not for us: some things are optional.
NOT_HERE = {errno.ENOENT, errno.EACCES, errno.EPERM, errno.ENOSYS, errno.EINVAL, errno.ENOTTY}


def mounts():
    return Path("/proc/self/mountinfo").read_text()


def groups_of(pid):
    """The cgroups that a supervisor of this number has made, in every hierarchy."""
    own = [line.split(":", 2)[2] for line in Path("/proc/self/cgroup").read_text().splitlines()]
    found = []
    for line in mounts().splitlines():
        words = line.split()
        if words[words.index("-") + 1].startswith("cgroup"):
            for path in {"", "/sandbox", *(p for p in own if p != "/")}:
                found += glob.glob(f"{words[4]}{path}/sandbox.{pid}.*")
    return found


def await_removal(pid, patience_s=5):
    """A run that is removing groups holds their locks, and others pass them over."""
    end = time.monotonic() + patience_s
    while groups_of(pid) and time.monotonic() < end:
        time.sleep(0.01)


def masked(text):
    """Host ids are those of the run."""
    return re.sub(r"\b19000\d{5}\b|\b19001\d{5}\b", "HOST_ID", text)


class Seen:
    """One run: what its caller saw, and what it left."""

    def __init__(self, done, report, place, scene):
        self.err = done.stderr.decode(errors="replace")
        words = [line.split() for line in report]
        self.calls = [(word[1], int(word[2]), int(word[3])) for word in words if word[0] == "call"]
        self.pid = next(int(word[1]) for word in words if word[0] == "pid")
        self.hit = any(word[0] == "hit" for word in words)
        self.hang = any(word[0] == "hang" for word in words)
        self.orphans = any(word[0] == "orphans" for word in words)
        self.exit = next((int(word[1]) for word in words if word[0] == "end"), None)
        self.milliseconds = next((int(word[2]) for word in words if word[0] == "end"), None)
        self.killed_supervisor = self.exit == -9
        text = done.stdout.decode(errors="replace")
        if scene.result:
            text = read(place / scene.result)
        # Each run has a folder of its own.
        self.text = text.replace(str(place), "PLACE")
        self.document = parse(self.text)
        self.own_output = read(place / scene.output).replace(str(place), "PLACE") if scene.output else None
        self.events = read(place / scene.events) if scene.events else None
        expected = {"report", "input", "shared", scene.result, scene.output, scene.events,
                    *scene.saved}
        self.left = sorted(name for name in os.listdir(place) if name not in expected)
        self.left += [f"shared/{name}" for name in os.listdir(place / "shared")]

    @property
    def status(self):
        return self.document.get("status") if self.document else None

    @property
    def output(self):
        if self.own_output is not None:
            return masked(self.own_output)
        return masked((self.document["stdout"] or {}).get("data") or "") if self.document else ""

    def comparable(self):
        """What a fault must not change: the verdict, and all that the program saw around it."""
        document = {key: value for key, value in self.document.items()
                    if key not in ("time", "memory", "stdout", "sandbox")}
        document["knows memory"] = self.document["memory"]["peak_bytes"] is not None
        document["output"] = self.output
        document["exit"] = self.exit
        return document

    def describe(self):
        error = (self.document or {}).get("error") or {}
        told = {key: error.get(key) for key in ("tag", "stage", "message", "errno")} if error else ""
        return f"[exit {self.exit}, {self.milliseconds} ms, {self.status} {told}] {self.err.strip()[:300]}"


def read(path):
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def parse(text):
    try:
        document = json.loads(text)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def difference(seen, plain):
    got, wanted = seen.comparable(), plain.comparable()
    changed = {key: (wanted.get(key), got.get(key)) for key in {*got, *wanted} if got.get(key) != wanted.get(key)}
    if "output" in changed:
        lines = [set(text.splitlines()) for text in changed["output"]]
        changed["output"] = (sorted(lines[0] - lines[1]), sorted(lines[1] - lines[0]))
    return changed


def broken_host(seen):
    """What is wrong with the host after the run; empty: nothing."""
    if seen.hang:
        return "hangs"
    if seen.orphans:
        return "processes live on"
    if groups_of(seen.pid):
        return f"left {groups_of(seen.pid)}"
    if seen.left:
        return f"left {seen.left}"
    if seen.events:
        for line in seen.events.splitlines()[: None if not seen.killed_supervisor else -1]:
            if parse(line) is None:
                return f"an event that is none: {line!r}"
    return ""


def judge(seen, plain, fault, name):
    process, _, _, action = fault.split(":")
    if why := broken_host(seen):
        return "BAD", why
    if not seen.hit:
        return "not reached", ""
    if seen.killed_supervisor:
        return ("killed", "") if action == "kill=0" and process == "0" else ("BAD", "was killed")
    if seen.document is None:
        return without_document(seen)
    if seen.status != "error":
        if action == "kill=0" and name == "execve" and seen.status == "signaled" and not seen.output:
            return "own death", ""
        return verdict(seen, plain, action)
    return error_document(seen, plain, process, action)


def verdict(seen, plain, action):
    changed = difference(seen, plain)
    if not changed:
        return "same", ""
    if all(is_unknown(key, *changed[key]) or is_only_warned_of(key, *changed[key]) or
           is_not_saved(key, *changed[key]) or is_saved_in_part(key, *changed[key], seen) for key in changed):
        return "adapted", ""
    kind, _, number = action.partition("=")
    if kind == "error" and int(number) in NOT_HERE and all(may_adapt(key, *changed[key]) for key in changed):
        return "adapted", ""
    return "BAD", f"a verdict, but not that of a run without the fault: {changed}"


def is_unknown(key, before, now):
    """Whether a figure is given as not known."""
    return key == "processes" and all(now[name] in (before[name], None) for name in before)


def is_only_warned_of(key, before, now):
    """Whether all that is new are warnings of what a run does without: its events, files that are not
    saved or not whole, and with --best-effort the names of forbidden calls."""
    return key == "warnings" and now[: len(before)] == before and all(
        warning.startswith(("events end early", "forbidden calls are not named")) or
        any(words in warning for words in (" is not saved as ", " is saved without "))
        for warning in now[len(before):])


def is_not_saved(key, before, now):
    """Whether a file is not copied out, or not looked for, and the result says why of each."""
    return key == "files" and len(now) > 0 and all(
        file in before or (file["error"] is not None and file["saved"] is None) for file in now) and any(
        file["error"] is not None for file in now)


def is_saved_in_part(key, before, now, seen):
    """Whether trees lack what could not be read, and a warning says so of each."""
    def is_told(file):
        return any(warning.startswith(f'"{file["path"]}" is saved without ') for warning in seen.document["warnings"])
    return key == "files" and len(now) == len(before) and all(
        new == old or ({**new, "bytes": 0} == {**old, "bytes": 0} and is_told(new)) for old, new in zip(before, now))


def may_adapt(key, before, now):
    """Whether a host that lacks something may change this: what is mounted, who enforces a limit."""
    if key == "output":
        return all(line.startswith(("mount ", "rlimit 6 ", "in /: ")) for line in before + now)
    if key == "enforced":
        return all(before[name] == now[name] or name in ("memory", "cpu_time", "processes") for name in before)
    return key in ("processes", "warnings", "knows memory")


def without_document(seen):
    if seen.exit == 127 and seen.err.startswith(": error while loading"):
        return "not started", ""  # by the C library, before main()
    told = seen.err.startswith("sandbox: ") and seen.err.endswith("\n")
    if seen.exit == 125 and told:
        return ("BAD", "half a document") if parse_partly(seen.text) else ("unwritten", "")
    if seen.exit == 2 and told and not seen.text:
        return "refused", ""
    return "BAD", f"no document: {seen.text[:200]!r}"


def parse_partly(text):
    """Half a document may stand in a pipe, where it can't be taken back; never a whole one."""
    return parse(text) is not None


def error_document(seen, plain, process, action):
    error = seen.document["error"] or {}
    if error.get("tag") not in TAGS:
        return "BAD", "a tag that is not in the table"
    wanted = 125 if error.get("errno") in MACHINE_FAULTS else TAGS[error["tag"]]
    if seen.exit != wanted:
        return "BAD", f"the exit status of {error['tag']} is {wanted}"
    if seen.document["exit_code"] is not None or seen.document["signal"] is not None:
        return "BAD", "says how the program ended"
    if not plain.output.startswith(seen.output):
        return "BAD", "the program ran, and saw something else"
    if process != "0" and seen.document["time"]["started"] is None and not error.get("stage"):
        return "BAD", "no stage, and the program did not start"
    number = action.split("=")
    if seen.exit in (126, 127) and not (number[0] == "error" and int(number[1]) in ABOUT_A_FILE):
        return "BAD", "blames the program"
    return "error", ""
