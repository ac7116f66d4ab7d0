#!/usr/bin/python3
"""Every example of the man pages, README.md and --help is typed and does what the text says.

Usage: run.py SOURCE_DIRECTORY SANDBOX
Each page has a scratch directory of its own, where its examples run in their order. Exit status: 0,
except where `echo $?` shows another or STATUS below names it. Output is compared where the text shows
it, with figures masked.
Seen red: a wrong status after `echo $?`, a renamed field in README's result, a misspelt option, a
changed word of the text format, an example of a file that does not exist.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import examples

# Commands that can't run here, by how they begin, and why.
NOT_HERE = {
    "packaging/quickstart.sh": "installs packages; tests/fresh runs it",
    "tests/run.sh": "is what runs this",
    "sudo tests/fresh/run": "debootstraps a Debian",
    "tests/bench/run": "takes long",
    "tests/coverage/run": "takes long",
    "tests/fuzz/run": "takes long",
    "tests/virtual_time/run": "takes long",
    "tests/load/run": "takes long",
    "sudo tests/faults/run": "takes long",
    "cmake ": "configures a build tree like the one that this runs in",
    "ninja ": "builds",
    "ctest ": "is what runs this",
}
# What an example needs, by a word in it: a command of the host, and what prepares its files.
NEEDS = {
    " java ": ("javac", "javac Main.java"),
    " g++ ": ("g++", "true"),
    "'gcc ": ("gcc", "true"),
    "'go ": ("go", "true"),
    " sleep.json": ("go", "true"),
    " node ": ("node", "true"),
}
# Exit statuses other than 0 of commands whose text shows none.
STATUS: dict[str, int] = {}
# What the examples' files hold.
FILES = {
    "prog": "#!/bin/sh\ncat\n",
    "server": "#!/bin/sh\necho listening\n",
    "test.sh": "#!/bin/sh\necho passed\n",
    "main.py": "import sys\nprint(len(sys.stdin.read()))\n",
    "own.toml": 'extends = "c"\n[limits]\ncpu_time = "1s"\n',
    "job.json": '{"command": ["./prog"], "stdin": ""}\n',
    "loop": "#!/bin/sh\nwhile :; do :; done\n",
    "input.txt": "1 2 3\n",
    "expected.txt": "1 2 3\n",
    "prog.cc": "int main() {}\n",
    "Main.java": "class Main { public static void main(String[] arguments) {} }\n",
}
# What differs between runs and hosts.
MASKS = [
    (r"\d+\.\d+ (s|MiB)", r"# \1"),
    (r"^(time|time-wall|max-rss|cg-mem):[\d.]+$", r"\1:#"),
    (r"\b(go|default)\.toml:\d+:\d+", r"\1.toml:#"),  # of the built-in profiles, which change
    (r"cgroup[12]( [a-z_.]+)?", "cgroup"),
]
# Lines that a kernel or a small program may not have: without pids.peak (before Linux 6.1), or where
# the program was no larger than our own process.
NOT_ALWAYS = re.compile(r"(max-rss:|processes  )")
NOT_ALWAYS_KEYS = {"max_rss_bytes", "peak"}
# Values in a result that differ, by key.
MASKED_KEYS = {"profile_sha256", "kernel", "version", "mechanism", "peak_source"}
EXACT_NUMBERS = {"value", "limit", "limit_bytes", "exit_code", "number", "bytes", "oom_kills", "limit_hits"}


def masked(line: str) -> str:
    for pattern, replacement in MASKS:
        line = re.sub(pattern, replacement, line)
    return line.rstrip()


def masked_value(value, key=""):
    if isinstance(value, dict):
        return {name: masked_value(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [masked_value(item, key) for item in value]
    if key in NOT_ALWAYS_KEYS:
        return "#"
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value if key in EXACT_NUMBERS else "#"
    if key in MASKED_KEYS:
        return "#"
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "#", masked(value))


def differences(example, output: str) -> str:
    """Empty where `output` is what the text shows."""
    if example.document is not None:
        wanted = masked_value(json.loads(example.document))
        got = masked_value(json.loads(output.splitlines()[0]))
        return "" if list(wanted.items()) == list(got.items()) else f"shown {wanted}\nprinted {got}"
    if example.shown is None:
        return ""
    got = [masked(line) for line in output.splitlines()]
    wanted = [masked(line) for line in example.shown]
    wanted = [line for line in wanted if line in got or not NOT_ALWAYS.match(line)]
    return "" if wanted == got else "\n".join(["shown:", *wanted, "printed:", *got])


class Scratch:
    """A directory with the files that the examples name, and `sandbox` on the PATH."""

    def __init__(self, binary: str, source: pathlib.Path):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="sandbox-examples-"))
        self.directory.chmod(0o755)
        for place in ("bin", "build"):
            (self.directory / place).mkdir()
            (self.directory / place / "sandbox").symlink_to(binary)
        shown = {file.name: file.read_text() for file in (source / "tests/languages/playground").iterdir()}
        for name, text in (FILES | shown).items():
            (self.directory / name).write_text(text)
            (self.directory / name).chmod(0o755)
        sudo = self.directory / "bin" / "sudo"
        if os.geteuid() == 0 and not shutil.which("sudo"):
            sudo.write_text('#!/bin/sh\nexec "$@"\n')
            sudo.chmod(0o755)
        self.environment = dict(os.environ, PATH=f"{self.directory / 'bin'}:{os.environ['PATH']}")
        for name in ("SANDBOX_PROFILE", "SANDBOX_CGROUP_PARENT", "SANDBOX_LOG"):
            self.environment.pop(name, None)
        self.status = 0

    def type(self, command: str) -> subprocess.CompletedProcess:
        # Why (exit N): what $? is after the example before.
        done = subprocess.run(["bash", "-c", f"(exit {self.status})\n{command}"], cwd=self.directory,
                              env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=120, check=False)
        self.status = done.returncode
        return done

    def remove(self):
        shutil.rmtree(self.directory)


def why_not(example) -> str | None:
    """The reason why an example can't run here."""
    for start, why in NOT_HERE.items():
        if example.command.startswith(start):
            return why
    if example.command.startswith("sudo") and os.geteuid() != 0:
        return "needs root"
    for word, (tool, _) in NEEDS.items():
        if word in example.command and not shutil.which(tool):
            return f"{tool} is not installed"
    return None


def missing_script(example, source: pathlib.Path) -> str | None:
    """The script of ours that an example names, where the tree has none of that name."""
    words = [word for word in example.command.split() if word.startswith(("tests/", "packaging/"))]
    return next((word for word in words if not os.access(source / word, os.X_OK)), None)


def try_all(page: list, binary: str, source: pathlib.Path) -> tuple[int, int]:
    """Runs the examples of one text. Returns how many ran and how many failed."""
    ran = failed = 0
    scratch = Scratch(binary, source)
    for index, example in enumerate(page):
        if example.writes:
            (scratch.directory / example.writes).write_text("\n".join(example.shown) + "\n")
            continue
        reason = why_not(example)
        if reason is not None:
            print(f"not run here ({reason}): {example.place}: {example.command}")
            if (missing := missing_script(example, source)) is not None:
                print(f"there is no {missing}")
                failed += 1
            continue
        for word, (_, preparation) in NEEDS.items():
            if word in example.command:
                scratch.type(preparation)
        done = scratch.type(example.command)
        ran += 1
        shown_next = index + 1 < len(page) and page[index + 1].command == "echo $?"
        problem = differences(example, done.stdout + done.stderr)
        if not shown_next and done.returncode != STATUS.get(example.command, 0):
            problem = f"exit status {done.returncode}\n{problem}"
        if problem:
            failed += 1
            print(f"{example.place}: {example.command}\n{problem}\n{done.stderr}", file=sys.stderr)
    scratch.remove()
    return ran, failed


def all_texts(source: pathlib.Path, binary: str) -> dict[str, list]:
    texts = {f"man/{page.name}": examples.of_page(page, f"man/{page.name}")
             for page in sorted(source.glob("man/*.[1-8]"))}
    texts["README.md"] = examples.of_markdown(source / "README.md", "README.md")
    for words in ([], ["run"], ["doctor"], ["selftest"], ["profile"]):
        text = subprocess.run([binary, *words, "--help"], capture_output=True, text=True, check=True).stdout
        name = " ".join(["sandbox", *words, "--help"])
        texts[name] = examples.of_help(text, name)
    return texts


def main() -> int:
    source, binary = pathlib.Path(sys.argv[1]), str(pathlib.Path(sys.argv[2]).resolve())
    if not shutil.which("jq"):
        print("jq is not installed")
        return 77
    trial = subprocess.run([binary, "run", "--result", "/dev/null", "--", "true"], capture_output=True,
                           text=True, check=False)
    if trial.returncode != 0:
        print(f"the default limits can't be enforced here: {trial.stderr}")
        return 1 if "cgroup" in os.environ.get("SBTEST_REQUIRE", "") else 77
    ran = failed = 0
    for page in all_texts(source, binary).values():
        page_ran, page_failed = try_all(page, binary, source)
        ran, failed = ran + page_ran, failed + page_failed
    print(f"{ran} examples ran, {failed} failed")
    return 1 if failed or ran == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
