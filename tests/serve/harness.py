"""A server of `sandbox serve`, its clients, and what may be left of them.

Nothing here waits for a while and hopes: a server has said READY=1, a program has said in an event
that it runs, an end has been told by the kernel. Deadlines are only there for what never comes.
"""
import array
import ctypes
import json
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

SANDBOX = os.environ.get("SANDBOX_BINARY", "sandbox")
PROBES = os.environ.get("SANDBOX_PROBES", "")
SLOW = int(os.environ.get("SBTEST_SLOW", "1"))
DEADLINE = 60 * SLOW
PR_SET_CHILD_SUBREAPER = 36

CASES = []


def case(function):
    CASES.append(function)
    return function


def long_case(function):
    """One that the ordinary tests have no time for."""
    if os.environ.get("SERVE_LONG"):
        CASES.append(function)
    return function


class Skip(Exception):
    """What this host lacks."""


def check(condition, *what):
    if not condition:
        raise AssertionError(" ".join(str(part) for part in what))


def same(got, expected, *what):
    check(got == expected, *what, f"got {got!r}, expected {expected!r}")


def become_reaper():
    """Whoever loses its parent becomes ours, so that nothing that is left behind is overlooked."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def until(condition, *what):
    """For what the kernel tells nobody: asked again and again."""
    end = time.monotonic() + DEADLINE
    while not condition():
        check(time.monotonic() < end, "never came:", *what)
        time.sleep(0.005)


def children_of(pid):
    """Living descendants; those that are dead and not yet reaped do nothing any more."""
    parents = {}
    for entry in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            words = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if words[0] not in "ZX":
            parents.setdefault(int(words[1]), []).append(int(entry.parent.name))
    found, front = [], [pid]
    while front:
        front = [child for parent in front for child in parents.get(parent, [])]
        found += front
    return found


def reap():
    """Takes the dead that became ours."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def groups_of(pids):
    """The groups of these supervisors: at our own cgroup, in every hierarchy, named for their pids."""
    found = []
    for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        for root in ("/sys/fs/cgroup/unified", "/sys/fs/cgroup") if not controllers else (
                f"/sys/fs/cgroup/{controllers.removeprefix('name=')}",):
            found += pathlib.Path(root + path).glob("sandbox.*")
    return sorted(str(group) for group in found if int(group.name.split(".")[1]) in pids)


class Client:
    """One connection, or the two pipes of --stdio."""

    def __init__(self, connection=None, pipes=None):
        self.connection = connection
        self.pipes = pipes
        self.buffer = b""
        self.early = []  # answers that someone who waits for another has read

    def send(self, *messages, fds=()):
        data = b"".join(m if isinstance(m, bytes) else json.dumps(m).encode() + b"\n" for m in messages)
        if self.pipes:
            self.pipes[0].write(data)
            self.pipes[0].flush()
            return
        if fds:
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [int(fd) for fd in fds]))]
            sent = self.connection.sendmsg([data], rights)
            data = data[sent:]
        self.connection.sendall(data)

    def end(self):
        """No more requests; answers are still wanted."""
        self.pipes[0].close() if self.pipes else self.connection.shutdown(socket.SHUT_WR)

    def close(self):
        self.pipes[0].close() if self.pipes else self.connection.close()

    def line(self):
        """The next line; b"" at the end."""
        end = time.monotonic() + DEADLINE
        while b"\n" not in self.buffer:
            source = self.pipes[1] if self.pipes else self.connection
            check(select.select([source], [], [], max(0, end - time.monotonic()))[0], "no answer came")
            try:
                got = os.read(source.fileno(), 1 << 20)
            except ConnectionResetError:
                got = b""
            if not got:
                check(not self.buffer, "a half line at the end:", self.buffer[:200])
                return b""
            self.buffer += got
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line

    def next(self):
        """The next answer, whatever it answers; None at the end."""
        if self.early:
            return self.early.pop(0)
        line = self.line()
        return json.loads(line) if line else None

    def wait(self, ident, kind, matches=lambda answer: True):
        """The next such answer to a request or op; those to others are kept."""
        for index, answer in enumerate(self.early):
            if answer["id"] == ident and kind in answer and matches(answer[kind]):
                return self.early.pop(index)[kind]
        while True:
            line = self.line()
            check(line, "the end came before", kind, "of", ident)
            answer = json.loads(line)
            if answer["id"] == ident and kind in answer and matches(answer[kind]):
                return answer[kind]
            self.early.append(answer)

    def result(self, ident):
        return self.wait(ident, "result")

    def error(self, ident):
        return self.wait(ident, "error")

    def says(self, ident, text):
        """Waits until the program of a request with events has written this."""
        self.wait(ident, "event", lambda event: event["event"] == "stdout" and text in event["data"])

    def ask(self, message):
        """Sends an op or request and returns the answer of its kind."""
        self.send(message)
        return self.wait(message.get("id"), {"stats": "stats", "ping": "pong"}.get(
            message.get("op"), message.get("op", "result")))

    def stats(self):
        return self.ask({"op": "stats", "id": "stats"})


class Server:
    """`sandbox serve`, ready; with a socket unless stdio."""

    def __init__(self, *options, stdio=False, wait=True, variables=None, stdin=None, cwd=None, **how):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="serve-test-"))
        self.path = str(self.folder / "socket")
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(str(self.folder / "notify"))
        self.manager.settimeout(DEADLINE)
        environment = dict(os.environ, NOTIFY_SOCKET=str(self.folder / "notify"), **(variables or {}))
        place = ["--stdio"] if stdio else ["--socket", self.path]
        pipe = subprocess.PIPE if stdio else None
        self.process = subprocess.Popen([SANDBOX, "serve", *place, *options], env=environment, cwd=cwd or self.folder,
                                        stdin=stdin or pipe, stdout=pipe, stderr=subprocess.PIPE, **how)
        self.killed = False  # who is killed leaves its groups to the next run
        self.seen = {self.process.pid}
        self.stdio = Client(pipes=(self.process.stdin, self.process.stdout)) if stdio else None
        if wait:
            self.told("READY=1")

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if self.process.poll() is None:
            if kind is not None:
                self.process.kill()
            self.end()
        self.manager.close()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe:
                try:
                    pipe.close()
                except BrokenPipeError:
                    pass
        shutil.rmtree(self.folder, ignore_errors=True)

    def told(self, what):
        """Waits until the server has told its manager so."""
        while True:
            said = self.manager.recv(4096).decode()
            if what in said.split("\n"):
                return said

    def connect(self):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.connect(self.path)
        return Client(connection)

    def signal(self, number):
        self.workers()
        self.process.send_signal(number)

    def wait(self):
        return self.process.wait(DEADLINE)

    def end(self):
        """Ends it; it has to leave nothing at all."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        status = self.wait()
        until(lambda: not children_of(os.getpid()), "the end of what the server started")
        reap()
        if self.killed:
            # Why more than once: another's run may be at the same work, or the kernel not yet at its end.
            until(lambda: self.next_run() == 0 and not groups_of(self.seen), "the end of groups of the killed")
        same(groups_of(self.seen), [], "groups left behind")
        return status

    @staticmethod
    def next_run():
        return subprocess.run([SANDBOX, "run", "--result", "/dev/null", "--", "true"], timeout=DEADLINE).returncode

    def memory(self, what="VmHWM"):
        """In bytes."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(what + ":"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no " + what)

    def worker_of(self, pid):
        """The one that a program is a descendant of."""
        while True:
            parent = int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
            if parent == self.process.pid:
                return pid
            check(parent > 1, "no worker of ours")
            pid = parent

    def workers(self):
        listed = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        pids = [int(pid) for pid in listed.split()]
        self.seen.update(pids)
        return pids


def sh(script, ident=None, **more):
    request = {"command": ["sh", "-c", script], **more}
    return request if ident is None else {"id": ident, **request}


def forever(ident, **more):
    """Says `up` in an event, and stays."""
    return sh("echo up; while :; do sleep 100; done", ident, events=True, **more)
