"""Clients that send nonsense, too much, too slowly, or read nothing: the others notice nothing."""
import os
import socket

from harness import SLOW, Server, case, check, forever, long_case, same, sh, until

MIB = 1 << 20


def unharmed(server):
    same(server.connect().ask(sh("echo well", "u"))["stdout"]["data"], "well\n")


@case
def nonsense_is_answered_and_the_connection_goes_on():
    with Server() as server:
        client = server.connect()
        lines = [b"\0\xff\xfe\n", b"{\n", b"[]\n", b"[" * MIB + b"\n", b'{"id":' * 10000 + b"\n", b'{"a":"' + b"\\" * 99999 + b"\n",
                 b'{"id": "i", "command": ["true"], "nothing": 1}\n', b'{"op": "no", "id": "i"}\n',
                 b'{"id": "i\\u0000{}", "command": ["true"]}\n', b'{"command": ["true"]} {"command": ["true"]}\n',
                 b'{"command": ["true"]}\0{"command": ["true"]}\n', b'{"command": ["true"], "command": ["true"]}\n',
                 b'{"id": "' + b"x" * 257 + b'", "command": ["true"]}\n', b'{"stdin": {"fd": 99999999999999999999}}\n',
                 os.urandom(100_000).replace(b"\n", b"") + b"\n"]
        for line in lines:
            client.send(line)
            answer = client.next()
            check(answer["error"]["tag"].startswith("request."), line[:80], answer)
        same(client.ask(sh("echo on", "o"))["stdout"]["data"], "on\n")
        same(client.stats()["errors"], len(lines))


@case
def many_random_lines():
    with Server() as server:
        client = server.connect()
        client.send(os.urandom(MIB), b"\n", {"op": "ping", "id": "end"})
        check("version" in client.wait("end", "pong"))
        unharmed(server)


@case
def a_line_without_end_is_held_to_a_bound():
    with Server() as server:
        client, halves = server.connect(), [server.connect() for _ in range(10)]
        for half in halves:
            half.send(b'{"id": "h", "comm')
        unharmed(server)
        piece = b"x" * MIB
        for _ in range(200):
            client.send(piece)
        same(client.error(None)["tag"], "request.syntax")
        client.send(b"\n", sh("echo on", "o"))
        same(client.result("o")["stdout"]["data"], "on\n")
        unharmed(server)
        if SLOW == 1:
            check(server.memory() < 600 * MIB, "the server had", server.memory())
            check(server.memory("VmRSS") < 60 * MIB, "the server kept", server.memory("VmRSS"))
        halves[0].send(b'and": ["true"]}\n')
        same(halves[0].result("h")["status"], "ok")


@case
def connections_are_bounded():
    with Server("--jobs", "1") as server:
        first = server.connect()
        many = []
        for _ in range(600):
            many.append(socket.socket(socket.AF_UNIX))
            many[-1].connect(server.path)
        until(lambda: first.stats()["refused"] == 600 - 255, "the refusals")
        same(first.stats()["clients"], 256)
        same(first.ask(sh("echo well", "1"))["stdout"]["data"], "well\n")
        check(b"serve.busy" in many[-1].recv(4096))
        for connection in many:
            connection.close()
        until(lambda: first.stats()["clients"] == 1, "their end")
        unharmed(server)


@case
def a_client_that_reads_nothing_holds_its_own_runs_alone():
    with Server("--jobs", "2") as server:
        deaf, well = server.connect(), server.connect()
        deaf.send({"id": "flood", "command": ["cat", "/dev/zero"], "events": True, "limits": {"output": "none"}})
        deaf.send(*(sh("head -c 1000000 /dev/zero", str(number)) for number in range(100)))
        until(lambda: well.stats()["running"] >= 1, "its start")
        for turn in range(20):
            same(well.ask(sh("echo well", str(turn)))["stdout"]["data"], "well\n")
        if SLOW == 1:
            check(server.memory() < 100 * MIB, "the server had", server.memory())
        deaf.close()
        until(lambda: (s := well.stats())["running"] == 0 and s["clients"] == 1, "the end of its runs")


@case
def results_that_nobody_takes_stop_at_a_bound():
    with Server("--jobs", "1") as server:
        deaf, well = server.connect(), server.connect()
        deaf.send(*(sh("yes | head -c 2000000", str(number)) for number in range(50)))
        for turn in range(5):
            same(well.ask(sh("echo well", str(turn)))["stdout"]["data"], "well\n")
        until(lambda: well.stats()["running"] == 0, "that none of its requests starts any more")
        check(well.stats()["queued"] > 40, well.stats())
        if SLOW == 1:
            check(server.memory() < 100 * MIB, "the server had", server.memory())
        # Whoever reads again gets them all.
        for number in range(3):
            same(deaf.result(str(number))["stdout"]["bytes"], 2000000)
        deaf.close()
        until(lambda: (s := well.stats())["queued"] == 0 and s["clients"] == 1, "that they are gone")


@case
def descriptors_that_nobody_uses_are_bounded():
    with Server() as server:
        client = server.connect()
        with open("/dev/null") as null:
            try:
                for _ in range(100):
                    client.send(b" ", fds=[null.fileno()] * 50)
            except (BrokenPipeError, ConnectionResetError):
                pass
        same(client.line(), b"")
        check(len(os.listdir(f"/proc/{server.process.pid}/fd")) < 40)
        unharmed(server)


@case
def a_request_of_many_megabytes():
    with Server("--jobs", "1") as server:
        client = server.connect()
        text = "0123456789abcde\n" * (MIB // 2)  # 8 MiB
        client.send({"id": "big", "command": ["wc", "-c"], "stdin": text})
        same(client.result("big")["stdout"]["data"].strip(), str(len(text)))
        client.send({"id": "back", "command": ["cat"], "stdin": text[:2 * MIB]})
        check(client.result("back")["stdout"]["data"] == text[:2 * MIB], "other bytes came back")


@long_case
def a_thousand_clients_that_come_and_go():
    with Server("--jobs", "2") as server:
        for number in range(1000):
            client = server.connect()
            client.send(*(forever(str(turn)) for turn in range(number % 5)))
            if number % 2:
                client.send(os.urandom(1000))
            client.close()
        unharmed(server)
        same(server.connect().stats()["queued"], 0)
