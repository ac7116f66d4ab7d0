"""What a client may ask, and what it is answered."""
import base64
import json
import os
import stat
import subprocess
import tempfile

from harness import PROBES, SANDBOX, Client, Server, Skip, case, check, forever, same, sh, until


@case
def stdio_answers_and_ends():
    """Empty lines, CRLF, no id, odd ids, a last line without its end; then the end of input ends it."""
    odd = 'a "\\\n\u00e9\u0007' + "x" * 200
    with Server(stdio=True) as server:
        client = server.stdio
        client.send(b"\n\r\n  \t\n", sh("echo one"), json.dumps(sh("echo two", odd)).encode() + b"\r\n",
                    b"no json\n", {"id": "", "command": ["false"]}, {"op": "ping", "id": "p"})
        same(client.result(None)["stdout"]["data"], "one\n")
        same(client.result(odd)["stdout"]["data"], "two\n")
        same(client.error(None)["tag"], "request.syntax")
        same(client.result("")["exit_code"], 1)
        check("version" in client.wait("p", "pong"))
        client.send(json.dumps(sh("cat; echo last", "l")).encode())
        client.end()
        same(client.result("l")["stdout"]["data"], "last\n")
        same(client.next(), None)
        same(server.wait(), 0)


@case
def files_as_stdin_of_the_server():
    with tempfile.TemporaryFile() as requests:
        requests.write(json.dumps(sh("echo file", "f")).encode())
        requests.seek(0)
        with Server(stdio=True, stdin=requests) as server:
            same(Client(pipes=(None, server.process.stdout)).result("f")["stdout"]["data"], "file\n")
            same(server.wait(), 0)
    with open("/dev/null") as null, Server(stdio=True, stdin=null) as server:
        same(server.wait(), 0)
        same(server.process.stdout.read(), b"")


@case
def the_socket_is_its_owners():
    with Server() as server:
        same(stat.S_IMODE(os.stat(server.path).st_mode), 0o600)
        client = server.connect()
        same(client.ask(sh("echo a", "1"))["stdout"]["data"], "a\n")
        # A live one is not taken over, and goes on.
        second = subprocess.run([SANDBOX, "serve", "--socket", server.path], capture_output=True, timeout=60)
        check(second.returncode != 0 and b"serve.listen" in second.stderr, second)
        same(client.ask(sh("echo b", "2"))["stdout"]["data"], "b\n")
        path = server.path
        same(server.end(), 0)
        check(not os.path.exists(path), "the socket is left")


@case
def a_socket_left_behind_is_replaced():
    with Server() as first:
        first.process.kill()
        first.wait()
        check(os.path.exists(first.path))
        with Server("--socket", first.path) as second:  # the last one counts
            second.path = first.path
            same(second.connect().ask({"op": "ping"})["version"][:1], "0")
    # What is no socket is nobody's to replace.
    with tempfile.NamedTemporaryFile() as file:
        done = subprocess.run([SANDBOX, "serve", "--socket", file.name], capture_output=True, timeout=60)
        check(done.returncode != 0 and os.path.exists(file.name), done)


@case
def another_user_is_refused():
    if os.geteuid() != 0:
        raise Skip("only root has other users")
    with Server() as server:
        os.chmod(server.folder, 0o755)
        os.chmod(server.path, 0o666)
        os.seteuid(65534)
        try:
            other = server.connect()
        finally:
            os.seteuid(0)
        answer = other.next()
        same((answer["id"], answer["error"]["tag"], answer["error"]["errno"]), (None, "serve.listen", "EACCES"))
        same(other.line(), b"")
        same(server.connect().stats()["refused"], 1)


@case
def passed_descriptors():
    program = os.path.join(PROBES, "print_args")
    with Server() as server, tempfile.TemporaryFile() as file:
        client = server.connect()
        file.write(b"from a file")
        file.flush()
        read_end, write_end = os.pipe()
        client.send({"id": "file", "command": ["cat"], "stdin": {"fd": 0}}, fds=[file.fileno()])
        client.send({"id": "pipe", "command": ["cat"], "stdin": {"fd": 0}}, fds=[read_end])
        os.close(read_end)
        same(client.result("file")["stdout"]["data"], "from a file")  # all of it, wherever its offset is
        os.write(write_end, b"from a pipe")
        os.close(write_end)
        same(client.result("pipe")["stdout"]["data"], "from a pipe")
        # Two at once, in their order, and the next line's own.
        with open(program, "rb") as binary:
            client.send({"id": "both", "stdin": {"fd": 1}, "program": {"fd": 0}, "args": ["a", "b"]},
                        {"id": "next", "command": ["cat"], "stdin": {"fd": 0}}, fds=[binary.fileno(), file.fileno(),
                                                                                   file.fileno()])
            both = client.result("both")
            same(both["status"], "ok", both["error"])
            check("b" in both["stdout"]["data"], both["stdout"])
        same(client.result("next")["status"], "ok")
        client.send({"id": "none", "command": ["cat"], "stdin": {"fd": 0}})
        same(client.error("none")["tag"], "request.value")


@case
def a_program_in_the_request():
    with open(os.path.join(PROBES, "print_args"), "rb") as binary:
        program = base64.b64encode(binary.read()).decode()
    with Server() as server:
        client = server.connect()
        got = client.ask({"id": "p", "program": program, "args": ["x y"], "stdin": {"base64": "AA=="}})
        check(got["status"] == "ok" and "x y" in got["stdout"]["data"], got)


@case
def events_come_in_order_and_before_the_result():
    with Server() as server:
        client = server.connect()
        client.send(sh("for i in 1 2 3; do echo $i; echo e >&2; done; exit 4", "e", events=True))
        kinds, out = [], ""
        while "result" not in (answer := client.next()):
            kinds.append(answer["event"]["event"])
            out += answer["event"].get("data", "") if kinds[-1] == "stdout" else ""
        same((kinds[0], kinds[-1], out), ("started", "exited", "1\n2\n3\n"))
        same(answer["result"]["exit_code"], 4)
        # Nobody asked for these.
        client.send(sh("echo x", "n"))
        check("result" in client.next())


@case
def ids_are_used_once_at_a_time():
    with Server("--jobs", "2") as server:
        client, other = server.connect(), server.connect()
        client.send(forever("same"))
        client.says("same", "up")
        client.send(sh("echo", "same"))
        same(client.error("same")["tag"], "request.value")
        same(other.ask(sh("echo mine", "same"))["stdout"]["data"], "mine\n")
        same(other.ask({"op": "cancel", "id": "same"}), False)
        same(client.ask({"op": "cancel", "id": "same"}), True)
        same(client.result("same")["status"], "cancelled")
        same(client.ask(sh("echo again", "same"))["stdout"]["data"], "again\n")
        same(client.ask({"op": "cancel", "id": "same"}), False)


@case
def cancel_of_one_that_waits_and_of_one_that_runs():
    with Server("--jobs", "1") as server:
        client = server.connect()
        client.send(forever("runs"))
        client.says("runs", "up")
        client.send(sh("echo", "waits"), {"op": "cancel", "id": "waits"})
        same(client.wait("waits", "cancel"), True)
        same(client.error("waits")["tag"], "serve.cancelled")
        same(client.ask({"op": "cancel", "id": "runs"}), True)
        same(client.result("runs")["status"], "cancelled")
        same(client.stats()["running"], 0)


@case
def a_second_cancel_kills():
    with Server("--grace", "1h") as server:
        client = server.connect()
        client.send(sh("trap 'echo no' TERM; echo up; while :; do sleep 100 & wait; done", "deaf", events=True))
        client.says("deaf", "up")
        client.ask({"op": "cancel", "id": "deaf"})
        client.says("deaf", "no")
        client.ask({"op": "cancel", "id": "deaf"})
        same(client.result("deaf")["status"], "cancelled")


@case
def a_signal_reaches_the_program():
    with Server("--jobs", "1") as server:
        client = server.connect()
        client.send(sh("trap 'echo usr1; exit 9' USR1; echo up; while :; do sleep 100 & wait; done", "s", events=True))
        client.says("s", "up")
        client.send(sh("echo", "w"))
        same(client.ask({"op": "signal", "id": "w", "signal": "USR1"}), False)
        same(client.ask({"op": "signal", "id": "s", "signal": "USR1"}), True)
        same(client.result("s")["exit_code"], 9)
        same(client.ask({"op": "signal", "id": "x", "signal": "INT"}), False)


@case
def a_half_closed_connection_gets_its_answers():
    with Server("--jobs", "1") as server:
        client = server.connect()
        client.send(*(sh(f"echo {number}", str(number)) for number in range(4)))
        client.end()
        for number in range(4):
            same(client.result(str(number))["stdout"]["data"], f"{number}\n")
        same(client.next(), None)


@case
def a_closed_connection_has_its_runs_killed():
    with Server("--jobs", "2", "--grace", "1h") as server:
        for half_closed_before in (False, True):
            client, other = server.connect(), server.connect()
            client.send(forever("a"), sh("trap '' TERM; echo up; while :; do sleep 100; done", "b", events=True),
                        sh("echo", "waits"))
            client.says("a", "up")
            client.says("b", "up")
            if half_closed_before:
                client.end()
            client.close()
            same(other.ask(sh("echo free", "o"))["stdout"]["data"], "free\n")
            until(lambda: (s := other.stats())["running"] == 0 and s["clients"] == 1, "the end of its runs")
            other.close()


@case
def order_of_completion():
    with Server("--jobs", "2") as server:
        client = server.connect()
        read_end, write_end = os.pipe()
        client.send({"id": "slow", "command": ["cat"], "stdin": {"fd": 0}}, fds=[read_end])
        for number in range(3):
            same(client.ask(sh("echo", str(number)))["status"], "ok")
        check(not client.early, client.early)
        os.close(write_end)
        os.close(read_end)
        same(client.result("slow")["status"], "ok")


@case
def no_more_run_than_jobs_says():
    with Server("--jobs", "2") as server:
        client = server.connect()
        client.send(*(sh("echo up; sleep 0.02", str(number), events=True) for number in range(20)))
        running, most, left = 0, 0, 20
        while left > 0:
            answer = client.next()
            kind = answer.get("event", {}).get("event")
            running += (kind == "started") - (kind == "exited")
            left -= "result" in answer
            most = max(most, running)
        check(most <= 2, most, "ran at one time")
        stats = client.stats()
        same((stats["results"], stats["queued"], stats["running"]), ({"ok": 20}, 0, 0))
        check(len(server.workers()) <= 2 + 4, server.workers())


@case
def clients_take_turns():
    with Server("--jobs", "1") as server:
        flood, single = server.connect(), server.connect()
        flood.send(forever("first"))
        flood.says("first", "up")
        flood.send(*({"id": str(number), "command": ["true"]} for number in range(500)))
        until(lambda: single.stats()["queued"] == 500, "500 that wait")
        single.send({"id": "one", "command": ["true"]})
        until(lambda: single.stats()["queued"] == 501, "one more that waits")
        flood.ask({"op": "cancel", "id": "first"})
        one, third = single.result("one"), flood.result("2")
        same(one["status"], "ok")
        check(one["time"]["started"] < third["time"]["started"], "it waited for the other's", one["time"], third["time"])
        flood.close()


@case
def the_queue_is_bounded():
    with Server("--jobs", "1", "--queue", "2") as server:
        client, other = server.connect(), server.connect()
        client.send(forever("runs"))
        client.says("runs", "up")
        client.send(*(sh("echo", str(number)) for number in range(4)))
        same([client.error(ident)["tag"] for ident in ("2", "3")], ["serve.busy"] * 2)
        other.send(sh("echo", "o"))
        until(lambda: other.stats()["queued"] == 3, "what waits")
        client.ask({"op": "cancel", "id": "runs"})
        same([client.result(ident)["status"] for ident in ("0", "1")], ["ok"] * 2)
        same(other.result("o")["status"], "ok")
        same(client.stats()["refused"], 2)
    with Server("--jobs", "1", "--queue", "0") as server:
        client = server.connect()
        client.send(forever("runs"), sh("echo", "waits"))
        same(client.error("waits")["tag"], "serve.busy")
        client.ask({"op": "cancel", "id": "runs"})
        client.result("runs")
