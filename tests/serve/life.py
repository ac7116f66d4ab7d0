"""How a server begins, reloads, loses a worker and ends; what it tells a service manager."""
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys

from harness import DEADLINE, SANDBOX, Server, case, check, children_of, forever, long_case, reap, same, sh, until

# Sets LISTEN_PID as a service manager does: in the process that then becomes the server.
ACTIVATE = ("import os,sys; os.dup2(int(sys.argv[1]), 3); os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1');"
            "os.set_inheritable(3, True); os.execv(sys.argv[2], sys.argv[2:])")


@case
def sigterm_lets_what_was_asked_for_end():
    with Server("--jobs", "1") as server:
        client = server.connect()
        read_end, write_end = os.pipe()
        client.send({**sh("echo up; cat", "runs"), "stdin": {"fd": 0}, "events": True}, fds=[read_end])
        os.close(read_end)
        client.send(sh("echo waited", "waits"))
        client.says("runs", "up")
        server.signal(signal.SIGTERM)
        wait_for_the_end_to_begin(client)
        os.write(write_end, b"in time")
        os.close(write_end)
        same(client.result("runs")["stdout"]["data"], "up\nin time")
        same(client.result("waits")["stdout"]["data"], "waited\n")
        server.told("STOPPING=1")
        same(server.wait(), 0)


@case
def a_second_sigterm_cancels():
    with Server("--jobs", "1") as server:
        client = server.connect()
        client.send(forever("runs"), sh("echo", "waits"))
        client.says("runs", "up")
        server.signal(signal.SIGTERM)
        wait_for_the_end_to_begin(client)
        server.signal(signal.SIGTERM)
        same(client.error("waits")["tag"], "serve.cancelled")
        same(client.result("runs")["status"], "cancelled")
        same(server.wait(), 0)


def wait_for_the_end_to_begin(client):
    """Asks with the id of one that runs: refused in any case, but then for another reason."""
    def refused():
        client.send(sh("echo", "runs"))
        return client.error("runs")["tag"] == "serve.ending"
    until(refused, "the end's beginning")


@long_case
def a_client_that_takes_nothing_keeps_no_server():
    with Server("--jobs", "1") as server:
        client = server.connect()
        client.send(sh("cat /dev/zero | head -c 8000000", "big"))
        until(lambda: server.connect().stats()["results"], "its result")
        server.signal(signal.SIGTERM)
        same(server.wait(), 0)


@case
def sighup_has_profiles_read_anew():
    with Server("--jobs", "1") as server:
        profile = server.folder / "own.toml"
        profile.write_text('extends = "default"\n[environment]\nset = { WHICH = "old" }\n')
        client = server.connect()
        ask = sh("echo $WHICH", "1", profile=str(profile))
        for _ in range(3):
            same(client.ask(ask)["stdout"]["data"], "old\n")
        profile.write_text('extends = "default"\n[environment]\nset = { WHICH = "new" }\n')
        server.signal(signal.SIGHUP)
        check(server.told("RELOADING=1").split("\n")[1].startswith("MONOTONIC_USEC="))
        server.told("READY=1")
        for _ in range(3):
            same(client.ask(ask)["stdout"]["data"], "new\n")


@case
def sigkill_of_the_server_ends_all():
    with Server("--jobs", "3") as server:
        client = server.connect()
        for number in range(3):
            client.send(sh("trap '' TERM; sleep 1000 & echo up; while :; do sleep 100; done", str(number), events=True))
        for number in range(3):
            client.says(str(number), "up")
        server.signal(signal.SIGKILL)
        server.wait()
        until(lambda: not children_of(os.getpid()), "the end of its runs")
        reap()
        same(client.line(), b"")
        server.killed = True
        server.end()


@case
def a_worker_that_dies_harms_its_request_alone():
    with Server("--jobs", "2") as server:
        client = server.connect()
        client.send(forever("dies"))
        started = client.wait("dies", "event", lambda event: event["event"] == "started")
        client.says("dies", "up")
        worker = server.worker_of(started["pid"])
        client.send(forever("lives"))
        client.says("lives", "up")
        os.kill(worker, signal.SIGKILL)
        server.killed = True
        same(client.error("dies")["tag"], "serve.worker")
        same(client.ask(sh("echo next", "n"))["stdout"]["data"], "next\n")
        client.ask({"op": "cancel", "id": "lives"})
        same(client.result("lives")["status"], "cancelled")


@case
def idle_workers_that_die_harm_nothing():
    with Server("--jobs", "2") as server:
        client = server.connect()
        server.killed = True
        for turn in range(5):
            same(client.ask(sh("echo a", str(turn)))["stdout"]["data"], "a\n")
            until(lambda: client.stats()["running"] == 0, "rest")
            killed = server.workers()
            for pid in killed:
                os.kill(pid, signal.SIGKILL)
            until(lambda: not set(killed) & set(server.workers()), "their end")


@case
def the_manager_is_told():
    with Server(variables={"WATCHDOG_USEC": "1500000"}) as server:
        server.told("WATCHDOG=1")
        server.signal(signal.SIGTERM)
        server.told("STOPPING=1")
        same(server.wait(), 0)
    # A watchdog that is another's.
    with Server(variables={"WATCHDOG_USEC": "1", "WATCHDOG_PID": "1"}) as server:
        server.end()
        server.manager.setblocking(False)
        said = []
        try:
            while True:
                said.append(server.manager.recv(4096))
        except BlockingIOError:
            pass
        check(b"WATCHDOG=1" not in said, said)


@case
def a_passed_socket_is_served():
    with Server() as outer:  # its folder and manager are used
        path = str(outer.folder / "passed")
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(path)
        listening.listen()
        environment = dict(os.environ, NOTIFY_SOCKET=str(outer.folder / "notify"))
        process = subprocess.Popen([sys.executable, "-c", ACTIVATE, str(listening.fileno()), SANDBOX, "serve"],
                                   env=environment, pass_fds=[listening.fileno()])
        try:
            outer.told("READY=1")
            outer.path = path
            client = outer.connect()
            same(client.ask(sh("echo activated; ls /proc/self/fd | wc -l", "1"))["stdout"]["data"], "activated\n4\n")
            client.close()
            process.send_signal(signal.SIGTERM)
            same(process.wait(DEADLINE), 0)
            check(os.path.exists(path), "it was not this server's to remove")
        finally:
            process.kill()
            process.wait()
    done = subprocess.run([SANDBOX, "serve"], capture_output=True, timeout=DEADLINE)
    check(done.returncode == 2 and b"--socket" in done.stderr, done)


SAMPLE = re.compile(r'[a-z_]+(\{[a-z]+="[^"\\\n]*"\})? [0-9.]+')


@case
def metrics_are_replaced_as_a_whole():
    with Server("--metrics", "metrics") as server:
        path = pathlib.Path(server.folder / "metrics")
        client = server.connect()
        client.ask(sh("exit 3", "1"))
        until(path.exists, "the first figures")
        held = path.open()
        same(server.end(), 0)
        text = path.read_text()
        for line in text.splitlines():
            check(line.startswith(("# HELP sandbox_", "# TYPE sandbox_")) or SAMPLE.fullmatch(line), line)
        check('sandbox_results_total{status="exited"} 1\n' in text, text)
        check("sandbox_setup_seconds_count 1\n" in text, text)
        # Who has it open reads on in the one that it opened.
        check(held.read().endswith("\n") and os.fstat(held.fileno()).st_nlink == 0, "written in place")
        same(list(server.folder.glob("*.tmp")), [])
