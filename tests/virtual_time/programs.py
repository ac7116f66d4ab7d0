"""The programs whose time is to be virtual: how each is built and run."""

import os
import shutil
import subprocess
from dataclasses import dataclass, field

SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs")
# Nothing to do is no reason to wake up: counters for jstat, the deflation of locks, safepoints.
JAVA = ["-XX:-UsePerfData", "-XX:+UnlockDiagnosticVMOptions", "-XX:+IgnoreUnrecognizedVMOptions",
        "-XX:AsyncDeflationInterval=0", "-XX:GuaranteedSafepointInterval=0"]


@dataclass
class Program:
    name: str
    profile: str
    tool: str  # what it can't be built or run without
    command: list = field(default_factory=list)
    build: list = field(default_factory=list)
    cheap: bool = True  # of the short form
    stamps: bool = True  # whether these, too, are the same each time


PROGRAMS = [
    Program("C, 5 × sleep(3600), glibc", "c", "gcc", ["{}/sleeps"], ["gcc", "-O1", "-o", "{}/sleeps", "sleeps.c"]),
    Program("the same, static", "c", "gcc", ["{}/sleeps_static"],
            ["gcc", "-O1", "-static", "-o", "{}/sleeps_static", "sleeps.c"]),
    Program("the same, static, musl", "c", "musl-gcc", ["{}/sleeps_musl"],
            ["musl-gcc", "-O1", "-static", "-o", "{}/sleeps_musl", "sleeps.c"]),
    Program("C, condition variables, producer and consumers", "c", "gcc", ["{}/conditions"],
            ["gcc", "-O1", "-pthread", "-D_GNU_SOURCE", "-o", "{}/conditions", "conditions.c"]),
    Program("bash: sleep, date, jobs, timeout", "shell", "bash", ["bash", "{}/jobs.sh"]),
    Program("Python: asyncio × 100, Timer, alarm, subprocess", "python", "python3", ["python3", "{}/waits.py"]),
    Program("Python: multiprocessing.Pool", "python", "python3", ["python3", "{}/pool.py"], cheap=False,
            stamps=False),
    Program("Go: Sleep, After, Ticker", "go", "go", ["{}/go_sleeps"],
            ["go", "build", "-o", "{}/go_sleeps", "sleeps.go"], cheap=False),
    Program("Go: HTTP client and server on the loopback", "go", "go", ["{}/server"],
            ["go", "build", "-o", "{}/server", "server.go"], cheap=False),
    Program("Node: timers", "node", "node", ["node", "{}/timers.js"], cheap=False),
    Program("Node: worker_threads, exec", "node", "node", ["node", "{}/workers.js"], cheap=False),
    Program("Java: Thread.sleep, ScheduledExecutor", "java", "javac", ["java", *JAVA, "-cp", "{}", "Waits"],
            ["javac", "-d", "{}", "Waits.java"], cheap=False, stamps=False),
    Program("Rust: sleep, recv_timeout, park_timeout", "rust", "rustc", ["{}/rust_sleeps"],
            ["rustc", "-O", "-o", "{}/rust_sleeps", "sleeps.rs"], cheap=False),
]

# Where a tool is that is not below /usr, which alone is to be seen inside.
PREFIX = {"python3": ["python3", "-c", "import sys; print(sys.base_prefix)"],
          "node": ["node", "-p", "require('path').dirname(require('path').dirname(process.execPath))"]}


def prepare(program, directory):
    """Builds it; options and command to run it with, or None where its tool is missing."""
    if shutil.which(program.tool) is None:
        return None
    if program.build:
        build = [word.format(directory) for word in program.build]
        environment = {**os.environ, "GOCACHE": os.path.join(directory, "cache"), "GOFLAGS": "-buildvcs=false",
                       "GO111MODULE": "off"}
        done = subprocess.run(build, cwd=SOURCES, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(build)}: {done.stderr}")
    command = [word.format(directory) for word in program.command]
    options = ["--profile", program.profile, "--mount", f"{directory}:{directory}:ro"]
    if command[0] in PREFIX and not os.path.exists("/usr/bin/" + command[0]):
        prefix = subprocess.run(PREFIX[command[0]], capture_output=True, text=True, check=True).stdout.strip()
        options += ["--mount", f"{prefix}:{prefix}:ro"]
        command[0] = os.path.join(prefix, "bin", command[0])
    return options, command
