#!/usr/bin/python3
"""Holds the built-in profiles and the examples here against the schemas of profiles and requests.

An example is a line of requests.valid.txt (JSON) or profiles.valid.txt (TOML), or of the .invalid.txt beside it;
tests/unit/policy/schema_test.cc holds the same lines against the program's readers.
Exit status: 0 all as it must be, 1 not; 77 no jsonschema.
"""

import json
import pathlib
import sys
import tomllib

try:
    from jsonschema import Draft202012Validator
except ImportError:
    print("skipped: python3-jsonschema is not installed")
    sys.exit(77)

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def read_schema(name):
    schema = json.loads((ROOT / "packaging" / f"{name}.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def complaints_about_examples(name, validator, read):
    for wanted in (True, False):
        path = HERE / f"{name}.{'valid' if wanted else 'invalid'}.txt"
        lines = path.read_text().splitlines()
        if not lines:
            yield f"{path.name}: no examples"
        for number, line in enumerate(lines, 1):
            errors = [error.message for error in validator.iter_errors(read(line))]
            if bool(errors) == wanted:
                yield f"{path.name}:{number}: {errors[0][:200] if errors else 'the schema takes it'}"


def complaints_about_profiles(validator):
    paths = sorted((ROOT / "profiles").glob("*.toml"))
    if not paths:
        yield "no built-in profiles"
    for path in paths:
        for error in validator.iter_errors(tomllib.loads(path.read_text())):
            yield f"{path.name}: {error.json_path}: {error.message}"[:400]


def main():
    profile = read_schema("profile")
    found = [
        *complaints_about_profiles(profile),
        *complaints_about_examples("profiles", profile, tomllib.loads),
        *complaints_about_examples("requests", read_schema("request"), json.loads),
    ]
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
