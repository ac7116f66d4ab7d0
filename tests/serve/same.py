"""What a result says does not depend on whether `run` or `serve` made it.

Left out, and why:
- time: two runs are never as long; in `reason` figures are left out, and of `cause.observed` only
  that it is not below the limit is asked;
- memory.peak_bytes, memory.max_rss_bytes: the kernel charges in batches and by CPU (within TOLERANCE,
  or both unknown or below the least that is told);
- processes.peak: of programs with several, by the moment (within eight);
- exit_code and signal of a run that was out of memory: whom the kernel kills, and whether the parent
  hears of it, is its business;
- in what programs show of themselves: the host's id of a run, numbers of pipes, sizes of memory and
  counts of switches (SHOWN);
- stdout and stderr of a run that its time stopped: how far it came by then;
- stdout.bytes and stderr.bytes of a run that its output stopped: what was read before the stop.
"""
import base64
import copy
import json
import os
import pathlib
import re
import subprocess
import tempfile

from harness import DEADLINE, PROBES, SANDBOX, Server, case, check, same, sh

TOLERANCE = 4 << 20
TURNS = 2
SHOWN = re.compile(r"\b[ug]id=\d{9,}|pipe:\[\d+\]|(?m:^(?:Vm|Rss)\w+:.*|^(?:non)?voluntary_ctxt_switches:.*)")


def probe(name, *words, **more):
    return {"command": [os.path.join(PROBES, name), *words], **more}


def requests():
    """Each kind of limit, end, violation, stream and error."""
    text = "".join(f"{number}\n" for number in range(5000))
    with open(os.path.join(PROBES, "print_args"), "rb") as binary:
        program = base64.b64encode(binary.read()).decode()
    yield "ok", sh("echo out; echo err >&2")
    for code in (1, 124, 125, 127, 137, 255):
        yield f"exit {code}", sh(f"exit {code}")
    for number in (1, 6, 9, 11, 15):
        yield f"signal {number}", sh(f"kill -{number} $$")
    yield "wall time", sh("sleep 100", limits={"wall_time": "50ms"})
    for ending in ("date", "sleep infinity"):
        yield f"virtual time, {ending}", sh(f"sleep 100; {ending}", clock={"mode": "virtual", "start": "2030-01-01"})
    yield "cpu time", sh("while :; do :; done", limits={"cpu_time": "60ms"})
    yield "output", sh("yes", limits={"output": "64K"})
    yield "output, truncated", sh("yes | head -c 200000", limits={"output": 1000, "on_output_limit": "truncate"})
    yield "output to stderr", sh("yes >&2", limits={"output": "10K"})
    yield "file size", sh("head -c 100000 /dev/zero > /tmp/a", limits={"file_size": "10K"})
    yield "file size of the main process", sh("exec head -c 100000 /dev/zero > /tmp/a", limits={"file_size": "10K"})
    yield "disk", sh("head -c 10000000 /dev/zero > /tmp/a; echo $?", limits={"disk": "1M"})
    yield "processes", sh("for i in 1 2 3 4 5 6 7 8 9; do sleep 1 & done; echo $?", limits={"processes": 4})
    yield "open files", sh("ulimit -n; exec 9</dev/null; exec 10</dev/null", limits={"open_files": 8})
    yield "limits off", sh("ulimit -a | grep -v cpu", limits={"memory": "none", "processes": "none", "output": "none"})
    for action in ("kill", "errno EPERM", "log"):
        yield f"violation, {action}", probe("call_syscall", "ptrace", "0", syscalls={"on_violation": action})
    yield "stdin text", {"command": ["md5sum"], "stdin": text}
    yield "stdin base64", {"command": ["md5sum"], "stdin": {"base64": "AAECAw=="}}
    yield "stdin path", {"command": ["md5sum"], "stdin": {"path": "input"}}
    yield "stdin missing", {"command": ["md5sum"], "stdin": {"path": "nothing"}}
    yield "stdin seek", sh("tail -c 3; readlink /proc/self/fd/0 | cut -c 1-6", stdin="abcdef")
    yield "stderr to stdout", sh("echo a; echo b >&2; echo c", stderr="stdout")
    yield "stdout to a file", sh("echo a", stdout={"path": "output"})
    yield "bytes", sh("printf '\\377\\0a'; printf '\\303\\251' >&2")
    yield "program bytes", {"program": program, "args": ["a", "b c"], "stdin": text}
    yield "no program bytes", {"program": base64.b64encode(b"neither").decode()}
    yield "steps", {"stdin": "in", "steps": [sh("echo a > f; mkdir d"), sh("cat f -; ls -F", limits={"memory": "64M"})]}
    yield "a step that fails", {"steps": [sh("exit 3"), sh("true")]}
    yield "environment", sh("env | sort", environment={"set": {"A": "b"}, "pass": ["TZ", "LANG"]})
    yield "directory", sh("pwd; ls -a", directory="/tmp")
    yield "no directory", sh("pwd", directory="/nothing")
    yield "network", sh("cat /proc/net/dev | wc -l", network={"mode": "none"})
    yield "what is not there yet", sh("echo a > out.txt", files={"get": [{"source": "/workspace/out.txt", "target": "got"}],
                                                  "put": [{"source": "input", "target": "/workspace/in"}]})
    yield "no such mount", sh("", files={"mounts": [{"source": "/nothing", "target": "/nothing", "mode": "ro"}]})
    yield "profile", sh("echo a", profile="c")
    yield "profile file", sh("echo $WHICH", profile="own.toml")
    yield "not found", {"command": ["nothing-of-that-name"]}
    yield "not found, with a slash", {"command": ["./nothing"]}
    yield "not executable", {"command": ["./input"]}
    yield "a directory", {"command": ["/tmp/"]}
    yield "its own session", probe("show_self")
    yield "orphans", sh("sleep 100 & sleep 100 & echo a")
    yield "no such profile", sh("", profile="defualt")
    yield "no such key", sh("", limit={})
    yield "bad value", sh("", limits={"memory": "much"})


def probes():
    """All of tests/probes but fork_bomb, race_memory, channel, tree and the ways of violate that
    lose a call by chance, whose results differ from run to run; and with_listener, which is for
    outside."""
    short = {"wall_time": "60ms"}
    spent = {"cpu_time": "60ms"}
    for words in ("attack_init 20", "call_syscall getpid", "call_syscall ptrace 0",
                  "call_syscall keyctl 0", "call_syscall x32:getpid", "call_syscall i386:getpid", "call_syscall 4242",
                  "deep_stack 4", "die exit 3", "die abort", "die segv", "die fpe", "die bus", "die raise 15", "die kill 9",
                  "die term_child", "eat_memory 4", "eat_memory 4 reap", "fill_file 1 /tmp/a", "flood 1 100000",
                  "flood 2 1000 hold", "inject_tty", "linger kill_all", "list_fds",
                  "list_procs", "minimal", "net 1", "overwrite_exe 10", "print_args -e", "print_args a '' b",
                  "see_path /etc/shadow /root /proc/1/environ", "see_path -c /usr/x", "see_walls", "set_id",
                  "show_self", "threads 4", "violate 3", "dyn/hello a b"):
        name, *rest = words.replace("''", "\0").split()
        yield words, probe(name, *(word.strip("\0") for word in rest))
    yield "burn_cpu 0", probe("burn_cpu", "0", limits=spent)
    yield "close_stdin", probe("close_stdin", "10", stdin="0123456789" * 10000)
    yield "stdin_file", probe("stdin_file", stdin="0123456789")
    yield "eat_memory", probe("eat_memory", "64", limits={"memory": "16M"})
    yield "eat_memory ignore", probe("eat_memory", "64", "ignore", limits={"memory": "16M"})
    yield "fill_file", probe("fill_file", "1", "/tmp/a", limits={"file_size": "10K"})
    yield "fill_file ignore", probe("fill_file", "1", "/tmp/a", "ignore", limits={"file_size": "10K"})
    yield "fill_file disk", probe("fill_file", "4", "/tmp/a", limits={"disk": "1M"})
    yield "flood", probe("flood", "1", "0", limits={"output": "64K"})
    yield "linger close", probe("linger", "close", limits=short)
    yield "linger ignore", probe("linger", "ignore", limits=short)
    yield "linger stop_self", probe("linger", "stop_self", limits=short)
    yield "open_many", probe("open_many", limits={"open_files": 16})
    yield "orphan_spinner", probe("orphan_spinner", "wait", "0", limits=spent)


def plain(document):
    """What has to be equal."""
    document = copy.deepcopy(document)
    document.pop("time", None)
    for step in document.get("steps", []):
        step["result"] = plain(step["result"])
    if document.get("cause"):
        if document["cause"]["limit"] in ("wall_time", "cpu_time", "memory", "output"):
            check(document["cause"]["observed"] >= document["cause"]["value"] or
                  document["cause"]["limit"] == "memory", document["cause"])
            document["cause"]["observed"] = "at the limit"
    if document.get("reason"):
        document["reason"] = re.sub(r"\d+(\.\d+)? (m?s|us|[KMG]iB|bytes)\b", "#", document["reason"])
    for name in ("peak_bytes", "max_rss_bytes"):
        (document.get("memory") or {}).pop(name, None)
    (document.get("processes") or {}).pop("peak", None)
    if document["status"] in ("wall_time_limit", "cpu_time_limit"):
        del document["stdout"], document["stderr"]
    if document["status"] == "memory_limit":
        del document["exit_code"], document["signal"]
    for stream in ("stdout", "stderr"):
        captured = document.get(stream) or {"data": None}  # None: it went to a file
        if captured["data"] and "\nmount /" in captured["data"]:
            # Why: where the sandbox was there first, its program is the last mount, not the last but /proc.
            captured["data"] = "\n".join(sorted(captured["data"].split("\n")))
        if captured["data"] and SHOWN.search(captured["data"]):
            captured.update(data=SHOWN.sub("#", captured["data"]), bytes="#")
    if document["status"] == "output_limit":
        for stream in ("stdout", "stderr"):
            check(document[stream]["bytes"] >= len(document[stream]["data"]))
            document[stream].pop("bytes")
    return document


def differences(one, other, path=""):
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return [found for key in one for found in differences(one[key], other[key], f"{path}.{key}")]
    return [] if one == other else [f"{path[1:]}: {one!r:.200}, served {other!r:.200}"]


def compare(name, alone, served):
    found = differences(plain(alone), plain(served))
    for key, field, most in (("memory", "peak_bytes", TOLERANCE), ("memory", "max_rss_bytes", TOLERANCE),
                             ("processes", "peak", 8)):
        a, b = ((document.get(key) or {}).get(field) for document in (alone, served))
        if a is not None and b is not None and alone["status"] not in ("memory_limit",):
            found += [] if abs(a - b) <= most else [f"{key}.{field}: {a}, served {b}"]
    return [f"{name}: {difference}" for difference in found]


def answer_alone(folder, request):
    """What `run` answers: its document, or where it wrote none what it said."""
    path = folder / "request.json"
    path.write_text(json.dumps(request))
    # Why: on the command line what nobody says is the caller's, in serve it is nothing.
    nothing = [] if "stdin" in request else ["--stdin", "null"]
    done = subprocess.run([SANDBOX, "run", "--request", str(path), *nothing], cwd=folder, capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=DEADLINE)
    if done.stdout:
        return json.loads(done.stdout.replace(str(path).encode(), b"request")), done.returncode
    return done.stderr.decode().replace(str(path), "request"), done.returncode


def written(folder):
    return {name: (folder / name).read_bytes() for name in ("output", "got") if (folder / name).exists()}


def compare_all(cases):
    with tempfile.TemporaryDirectory(prefix="serve-same-") as name:
        folder = pathlib.Path(name)
        (folder / "input").write_text("some input\n")
        (folder / "own.toml").write_text('extends = "c"\n[environment]\nset = { WHICH = "own" }\n')
        with Server(cwd=folder) as server:
            client = server.connect()
            found = []
            for number, (what, request) in enumerate(cases):
                request = {"id": str(number), **request}
                alone, status = answer_alone(folder, request)
                files = written(folder)
                for _ in range(TURNS):
                    # Until its sandbox is there, which the last one has left.
                    while client.stats()["clearing"] != 0:
                        pass
                    client.send(request)
                    answer = client.next()
                    same(answer["id"], request["id"])
                    if isinstance(alone, str):
                        check(answer["error"]["message"] in alone and status == 2, what, alone, answer)
                    else:
                        check("result" in answer, what, answer)
                        found += compare(what, alone, answer["result"])
                    same(written(folder), files, what)
                for path in files:
                    (folder / path).unlink()
            check(not found, "\n".join(["", *found]))
            warm = client.stats()["from_warm"]
            check(warm >= number // 2, f"{warm} of {number} in sandboxes that waited")


@case
def examples_are_the_same():
    compare_all(requests())


@case
def probes_are_the_same():
    compare_all(probes())
