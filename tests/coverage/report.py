"""Lines run of those that could be, by folder of src/, from what gcov counted in a build directory.

Usage: report.py [--files] [--without PATH]... BUILD
  --files    lists the lines that nothing ran, too
  --without  leaves out a file below src/, and says so
Fails where one of the judged folders is below the bound.
"""

import argparse
import collections
import json
import os
import subprocess
import sys

JUDGED = ("policy", "seccomp", "cgroup", "supervise", "result")
BOUND = 90.0


def documents(build):
    """What gcov says of each object, whether it was run or not."""
    notes = []
    for folder, _, names in os.walk(os.path.join(build, "src")):
        notes += [os.path.join(folder, name) for name in names if name.endswith(".gcno")]
    for start in range(0, len(notes), 50):
        output = subprocess.run(["gcov", "--json-format", "--stdout", *notes[start:start + 50]],
                                check=True, capture_output=True, text=True).stdout
        for line in output.splitlines():
            if line.startswith("{"):
                yield json.loads(line)


def counted_lines(build, source):
    """{path below src/: {line: times}}"""
    lines = collections.defaultdict(lambda: collections.defaultdict(int))
    for document in documents(build):
        for entry in document["files"]:
            path = os.path.normpath(os.path.join(document["current_working_directory"], entry["file"]))
            if not path.startswith(source + os.sep) or path.endswith(".inc"):
                continue
            for line in entry["lines"]:
                lines[os.path.relpath(path, source)][line["line_number"]] += line["count"]
    return lines


def ranges(numbers):
    """[1, 2, 3, 7] as "1-3 7"."""
    parts = []
    for number in sorted(numbers):
        if parts and parts[-1][1] == number - 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return " ".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", action="store_true")
    parser.add_argument("--without", action="append", default=[])
    parser.add_argument("build")
    options = parser.parse_args()
    source = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../src"))
    lines = counted_lines(os.path.abspath(options.build), source)
    left_out = {path: len(lines.pop(path)) for path in options.without if path in lines}
    folders = collections.defaultdict(list)
    for path in lines:
        folders[os.path.dirname(path) or "."].append(path)
    failed = False
    print(f"{'folder':<16}{'lines':>8}{'run':>8}{'%':>8}")
    for folder in sorted(folders):
        total = sum(len(lines[path]) for path in folders[folder])
        run = sum(1 for path in folders[folder] for count in lines[path].values() if count)
        share = 100.0 * run / total
        low = folder in JUDGED and share < BOUND
        failed |= low
        print(f"{folder:<16}{total:>8}{run:>8}{share:>8.1f}{'  below ' + str(BOUND) if low else ''}")
        for path in sorted(folders[folder]) if options.files else ():
            missed = [number for number, count in lines[path].items() if not count]
            if missed:
                print(f"    {path}: {ranges(missed)}")
    for path, count in left_out.items():
        print(f"left out: {path}, {count} lines, which nothing on this host can run")
    if not lines:
        sys.exit("nothing was counted: is this a build with SANDBOX_COVERAGE=ON?")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
