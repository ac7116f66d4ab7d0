"""Sandboxes that wait for their program (decisions/0032): what happened while they waited, and that nobody gets one
that a run of its own would not have got.

Red: in supervise/parked.cc, `return true;` in fits() (a directory, a profile, requests that differ), and
without the return of nullopt for an error before the program (somebody died); without is_still_ready() the guard's.
"""
import os
import pathlib
import shutil
import signal
import tempfile

from harness import PROBES, Server, case, check, children_of, same, sh, until


class Warm:
    """A server of one run at a time that has a sandbox for the next one."""

    def __init__(self, cwd=None):
        self.server = Server("--jobs", "1", "--warm", "1", cwd=cwd)

    def __enter__(self):
        self.client = self.server.connect()
        return self

    def __exit__(self, *what):
        return self.server.__exit__(*what)

    def run(self, request):
        """The result, and whether it came from a sandbox that waited."""
        before = self.client.stats()["from_warm"]
        answer = self.client.ask({"id": "a", **request})
        until(lambda: self.client.stats()["clearing"] == 0, "a worker that has cleared up")
        return answer, self.client.stats()["from_warm"] > before

    def says(self, request, text, warm=None):
        # Why again: on a machine with no time at all a sandbox may not be ready in time, and none waits then.
        for _ in range(5):
            result, was_warm = self.run(request)
            same(result["stdout"]["data"], text, result)
            if was_warm or not warm:
                break
        check(warm is None or was_warm == warm, "from a sandbox that waited:", was_warm)

    def ready(self, request):
        """A sandbox for such a request waits."""
        until(lambda: self.client.stats()["warm"] == 1 or not self.run(request), "a sandbox that waits")


def children(pid):
    return [int(word) for word in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@case
def one_in_which_somebody_died_is_not_used():
    """Init, and then the two that it has started: the target and its guard."""
    with Warm() as warm:
        warm.says(sh("echo a"), "a\n", False)
        warm.says(sh("echo b"), "b\n", True)
        for which in range(3):
            warm.ready(sh("echo b"))
            worker, = warm.server.workers()
            init, = children(worker)
            both = children(init)
            check(len(both) == 2, "the target and its guard:", both)
            victim = [init, *both][which]
            os.kill(victim, signal.SIGKILL)
            until(lambda: victim not in children_of(worker), "the end of", which)
            warm.says(sh("echo c"), "c\n", False)
            warm.says(sh("echo d"), "d\n", True)


@case
def a_program_that_was_replaced_is_the_new_one():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        program = folder / "program"
        with Warm() as warm:
            for turn, source in enumerate(("print_args", "show_self", "print_args")):
                new = folder / "new"
                shutil.copy(os.path.join(PROBES, source), new)
                new.chmod(0o755)
                new.rename(program)
                result, was_warm = warm.run({"command": [str(program), "x"]})
                same(result["status"], "ok", result)
                same("session" in result["stdout"]["data"], source == "show_self", result["stdout"])
                same(was_warm, turn > 0)
            program.unlink()
            result, was_warm = warm.run({"command": [str(program), "x"]})
            same(result["error"]["tag"], "program.not_found")


@case
def a_directory_that_was_replaced_is_the_new_one():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)

        def replace(text):
            new = folder / "new"
            new.mkdir()
            (new / "file").write_text(text)
            if (folder / "data").exists():
                (folder / "data").rename(folder / text)
            new.rename(folder / "data")

        request = sh("cat /data/file",
                     files={"mounts": [{"source": str(folder / "data"), "target": "/data", "mode": "ro"}]})
        with Warm() as warm:
            replace("one")
            warm.says(request, "one", False)
            warm.says(request, "one", True)
            replace("two")
            warm.says(request, "two", False)
            warm.says(request, "two", True)


@case
def a_profile_that_was_changed_counts():
    with tempfile.TemporaryDirectory() as name:
        profile = pathlib.Path(name) / "own.toml"
        request = sh("echo $WHICH; ulimit -n", profile=str(profile))

        def write(which, files):
            profile.write_text(f'extends = "default"\n[limits]\nopen_files = {files}\n'
                               f'[environment]\nset = {{ WHICH = "{which}" }}\n')

        with Warm() as warm:
            write("one", 50)
            warm.says(request, "one\n50\n", False)
            warm.says(request, "one\n50\n", True)
            write("two", 60)
            warm.says(request, "two\n60\n", False)
            warm.says(request, "two\n60\n", True)


@case
def requests_that_differ_get_what_they_ask_for():
    with Warm() as warm:
        for _ in range(2):
            for request, text in (
                    (sh("ulimit -n; pwd"), "1024\n/workspace\n"),
                    (sh("ulimit -n; cat", stdin="abc"), "1024\nabc"),
                    (sh("ulimit -n; cat", stdin="de", limits={"wall_time": "20s"}), "1024\nde"),
                    (sh("ulimit -n", limits={"open_files": 20}), "20\n"),
                    (sh("pwd", limits={"open_files": 20}, directory="/tmp"), "/tmp\n"),
                    (sh("pwd; echo a >&2", stderr="stdout"), "/workspace\na\n"),
                    (sh("wc -l < /proc/net/dev", network={"mode": "host"}), None),
                    (sh("echo $A; ulimit -n", environment={"set": {"A": "b"}}), "b\n1024\n")):
                for _ in range(2):
                    if text is None:
                        warm.run(request)
                    else:
                        warm.says(request, text)
        check(warm.client.stats()["from_warm"] >= 8, warm.client.stats())


@case
def nothing_of_one_run_is_in_the_next():
    look = sh("find /workspace /tmp /dev/shm -mindepth 1; env | sort")
    with Warm() as warm:
        first, _ = warm.run(look)
        for _ in range(3):
            warm.says(sh("for d in /workspace /tmp /dev/shm; do echo secret > $d/a; done", environment={"set": {"B": "c"}},
                         stdin="kept"), "")
            warm.run(look)
            result, was_warm = warm.run(look)
            same(result["stdout"]["data"], first["stdout"]["data"])
            same(was_warm, True)


def memory_of(pid):
    """All of it that can be read."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(f"/proc/{pid}/mem", "rb") as memory:
        for line in maps:
            where, rights = line.split()[:2]
            begin, end = (int(word, 16) for word in where.split("-"))
            if rights[0] == "r" and "[v" not in line:
                memory.seek(begin)
                yield memory.read(end - begin)


@case
def no_request_is_in_the_memory_of_what_waits():
    """Red: a static buffer in Client::on_readable or in receive() of server/packet.cc; no OwnHeap in launch::start()."""
    word = "nobody-else-is-to-read-this"
    with Warm() as warm:
        for _ in range(3):
            warm.says(sh("cat > /dev/null", stdin=word), "")
        warm.ready(sh("cat > /dev/null", stdin=word))
        worker, = warm.server.workers()
        init, = children(worker)
        for pid in [init, *children(init)]:
            check(not any(word.encode() in part for part in memory_of(pid)), "the word is in the memory of", pid)


@case
def a_command_that_has_no_room_is_run_all_the_same():
    many = [str(number) for number in range(6000)]
    with Warm() as warm:
        warm.says(sh("echo $#"), "0\n", False)
        result, was_warm = warm.run({"command": ["sh", "-c", "echo $#", "sh", *many]})
        same((result["stdout"]["data"], was_warm), ("6000\n", False))
        long = "x" * 100000
        result, was_warm = warm.run({"command": ["sh", "-c", "echo ${#1}", "sh", long]})
        same((result["stdout"]["data"], was_warm), ("100000\n", True))
