"""The command lines that the fault sweep runs."""
from dataclasses import dataclass

NOBODY = 65534


@dataclass(frozen=True)
class Scene:
    name: str
    options: tuple
    uid: int = 0
    result: str = ""   # the file of the result, in the run's folder; empty: stdout
    output: str = ""   # the file of the program's stdout
    events: str = ""
    saved: tuple = ()  # names of files that are copied out
    whole: bool = False  # only where all is asked for, or this by its name


NO_GROUP = ("--memory", "none", "--processes", "none", "--cpu-time", "none")


def all_scenes():
    return [
        Scene("default", ()),
        Scene("empty root", ("--root", "empty")),
        Scene("workspace", ("--workspace", "rw:shared", "--mount", "/usr/share:/data:ro")),
        Scene("stdin file", ("--stdin", "input", "--result", "result", "--stdout", "output"),
              result="result", output="output"),
        Scene("put", ("--put", "input:/workspace")),
        Scene("put and get", ("--put", "input:/workspace/x", "--get", "/workspace/x:saved",
                              "--get", "/workspace/:tree.tar", "--get", "/workspace/x*:."),
              saved=("saved", "tree.tar", "x"), whole=True),
        Scene("events", ("--events", "events", "--profile", "python"), events="events"),
        Scene("plain ids", ("--userns", "never")),
        Scene("limits", ("--cpu-time", "5s", "--memory", "64M", "--processes", "8", "--cpus", "1",
                         "--net", "none")),
        Scene("unprivileged", NO_GROUP, uid=NOBODY),
        Scene("best effort", ("--best-effort", "--on-violation", "errno"), uid=NOBODY),
    ]
