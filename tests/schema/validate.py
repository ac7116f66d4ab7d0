#!/usr/bin/python3
"""Validates every *.json file of a folder against the schema that it names; prints how many.

`sandbox.result/v1` is packaging/result.schema.json; a name without such a file is a complaint.

Usage: validate.py FOLDER [SCHEMA]: with a file, all are to follow that one. Exit status: 0 all valid, 1 not; 77 no jsonschema, or no file:
a run of a few tests may leave none, but where SBTEST_REQUIRE says what must run, that is 1, too.
"""

import json
import os
import pathlib
import sys

try:
    from jsonschema import Draft202012Validator
except ImportError:
    print("skipped: python3-jsonschema is not installed")
    sys.exit(77)

PACKAGING = pathlib.Path(__file__).resolve().parents[2] / "packaging"


def reject_duplicates(pairs):
    """Python keeps the last of two equal keys and says nothing; readers differ in which they keep."""
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise ValueError(f"a key occurs twice in {names}")
    return dict(pairs)


def read_schema(path):
    schema = json.loads(pathlib.Path(path).read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def read_schemas():
    """The validators by the name that documents give: sandbox.result/v1 and so on."""
    return {
        f"sandbox.{path.name.removesuffix('.schema.json')}/v1": read_schema(path)
        for path in PACKAGING.glob("*.schema.json")
    }


def complaints(choose, path):
    try:
        document = json.loads(path.read_bytes(), object_pairs_hook=reject_duplicates)
    except ValueError as error:
        return [f"no JSON: {error}"]
    name = document.get("schema") if isinstance(document, dict) else None
    validator = choose(name)
    if validator is None:
        return [f"names no schema that is here: {name!r}"]
    return [f"{error.json_path}: {error.message}"[:400] for error in validator.iter_errors(document)]


def main(folder, schema=None):
    if schema is None:
        choose = read_schemas().get
    else:
        only = read_schema(schema)
        choose = lambda _: only
    paths = sorted(pathlib.Path(folder).glob("*.json"))
    invalid = 0
    for path in paths:
        found = complaints(choose, path)
        invalid += bool(found)
        for line in found:
            print(f"{path.name}: {line}")
    print(f"{len(paths)} documents, {invalid} invalid")
    if not paths:
        return 1 if os.environ.get("SBTEST_REQUIRE") else 77
    return 1 if invalid else 0


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
