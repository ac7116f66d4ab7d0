#!/bin/bash
# sandbox-result(5) has every field and status of the result's schema and every event, and no other;
# sandbox-profile(5) every key of a profile, every group of system calls and every built-in profile.
# Usage: fields.sh [ROOT]
# Seen red: a field and a status that are missing in the page, one that is in the page only; a key and
# a group that are missing.
set -euo pipefail
cd "${1:-.}"

if ! command -v python3 >/dev/null; then
  echo "python3 is not installed"
  exit 77
fi
python3 -B - <<'PYTHON'
import json
import pathlib
import re
import sys

bad = 0


def compare(what, in_code, in_page):
    global bad
    for name in sorted(in_code - in_page):
        print(f"{what}: {name} is not in the page", file=sys.stderr)
        bad = 1
    for name in sorted(in_page - in_code):
        print(f"{what}: {name} is in the page only", file=sys.stderr)
        bad = 1


def items(page, macro, section=None):
    """Names of list entries: ".It Va wall_ns , cpu_ns"; of one section where one is named."""
    text = pathlib.Path(page).read_text()
    if section is not None:
        text = re.split(rf"^\.S[hs] {section}$", text, flags=re.M)[1]
        text = re.split(r"^\.S[hs] ", text, flags=re.M)[0]
    names = set()
    for line in re.findall(rf"^\.It {macro} (.*)$", text, flags=re.M):
        names.update(word for word in line.split() if word != ",")
    return names


def properties(schema):
    """The names of all objects' fields."""
    names = set()
    if isinstance(schema, dict):
        if "type" in schema and isinstance(schema.get("properties"), dict):
            names.update(schema["properties"])
        for part in schema.values():
            names |= properties(part)
    elif isinstance(schema, list):
        for part in schema:
            names |= properties(part)
    return names


result = json.load(open("packaging/result.schema.json"))
page = "man/sandbox-result.5"
# Fields that the page explains within the text of the one around them.
inner = {"number", "name", "path", "saved"}
compare("field", properties(result) - inner, items(page, "Va") - inner)
compare("status", set(result["properties"]["status"]["enum"]), items(page, "Li", "STATUS"))

events = json.load(open("packaging/events.schema.json"))
kinds = set()
for line in events["oneOf"]:
    event = line["properties"]["event"]
    kinds.update(event["enum"] if "enum" in event else [event["const"]])
compare("event", kinds, items(page, "Li", "EVENTS"))

page = "man/sandbox-profile.5"
source = pathlib.Path("src/policy/profile_keys.cc").read_text()
table = source.partition("constexpr auto keys = std::to_array<Key>")[2].partition("\n});")[0]
keys = set(re.findall(r'^    \{"([a-z_.]+)", ', table, re.M))
compare("key", keys, items(page, "Va"))
groups = set()
for source in pathlib.Path("src/policy").glob("syscall_groups_*.inc"):
    groups.update(re.findall(r'^\{"(@[a-z-]+)"', source.read_text(), re.M))
compare("group", groups, items(page, "Li", "SYSTEM CALL GROUPS"))
profiles = {path.stem for path in pathlib.Path("profiles").glob("*.toml")}
compare("profile", profiles, items(page, "Li", "BUILT-IN PROFILES"))
sys.exit(bad)
PYTHON
