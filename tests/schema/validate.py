#!/usr/bin/python3
"""Validates every *.json file of a folder against packaging/result.schema.json; prints how many.

Usage: validate.py FOLDER [SCHEMA]. Exit status: 0 all valid, 1 not; 77 no jsonschema, or no file:
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

SCHEMA = pathlib.Path(__file__).resolve().parents[2] / "packaging" / "result.schema.json"


def reject_duplicates(pairs):
    """Python keeps the last of two equal keys and says nothing; readers differ in which they keep."""
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise ValueError(f"a key occurs twice in {names}")
    return dict(pairs)


def complaints(validator, path):
    try:
        document = json.loads(path.read_bytes(), object_pairs_hook=reject_duplicates)
    except ValueError as error:
        return [f"no JSON: {error}"]
    return [f"{error.json_path}: {error.message}"[:400] for error in validator.iter_errors(document)]


def main(folder, schema_path=SCHEMA):
    schema = json.loads(pathlib.Path(schema_path).read_text())
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    paths = sorted(pathlib.Path(folder).glob("*.json"))
    invalid = 0
    for path in paths:
        found = complaints(validator, path)
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
