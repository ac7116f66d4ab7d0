"""What the load consists of: programs that behave and programs that do not, each with its verdict."""

import base64
import json
import subprocess

import host


class Kind:
    """One behaviour. `cut`: its end may come before it has said its number."""

    def __init__(self, name, options, script, status, exit_status, cut=False):
        self.name = name
        self.options = options
        self.script = script
        self.status = status
        self.exit_status = exit_status
        self.cut = cut


# `$1` is the number of the run, which its output must show and no other's may.
KINDS = [
    Kind("behave", [], "echo $1", "ok", 0),
    Kind("fail", [], "echo $1; exit 7", "exited", 7),
    Kind("crash", [], "echo $1; kill -SEGV $$", "signaled", 139),
    Kind("hang", ["--wall-time", "40ms"], "echo $1; sleep 100", "wall_time_limit", 124, cut=True),
    Kind("spin", ["--cpu-time", "30ms"], "echo $1; while :; do :; done", "cpu_time_limit", 124, cut=True),
    Kind("flood", ["--output", "64K"], "echo $1; exec cat /dev/zero", "output_limit", 153),
    Kind("hog", ["--memory", "24M"], "echo $1; exec /probes/eat_memory 200", "memory_limit", 137),
    Kind("fork", ["--processes", "16", "--wall-time", "60ms"], "echo $1; exec /probes/fork_bomb plain",
         "wall_time_limit", 124, cut=True),
    Kind("daemons", ["--processes", "16", "--wall-time", "60ms"], "echo $1; exec /probes/fork_bomb daemon",
         "wall_time_limit", 124, cut=True),
    Kind("forbidden", [], "echo $1; exec /probes/call_syscall mount s:a s:/tmp s:tmpfs",
         "syscall_violation", 159),
]


def start(command, patience_s):
    """Runs a command to its end: exit status, stdout, stderr."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        host.SUPERVISORS.add(process.pid)
        try:
            out, err = process.communicate(timeout=patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        return process.returncode, out, err


class Wrong(Exception):
    """A run whose result is not the one it must be."""


def run(binary, probes, kind, number, patience_s=60):
    """Runs it and checks its result; whether it came to say its number."""
    word = f"run-{number:07d}-{kind.name}"
    command = [binary, "run", "--mount", f"{probes}:/probes", *kind.options, "--",
               "sh", "-c", kind.script, "sh", word]
    returncode, out, err = start(command, patience_s)
    told = f"{word}: exit status {returncode}: {out[:3000]!r} {err[:1000]!r}"
    try:
        result = json.loads(out)
    except ValueError as error:
        raise Wrong(f"no result: {told}") from error
    if result["status"] != kind.status or returncode != kind.exit_status:
        raise Wrong(f"{kind.status} was expected: {told}")
    stream = result["stdout"]
    data = stream["data"].encode()
    if stream["encoding"] == "base64":
        data = base64.b64decode(data)
    if data.startswith(f"{word}\n".encode()):
        return True
    if kind.cut and not data:
        return False
    raise Wrong(f"not its own output: {told}")
