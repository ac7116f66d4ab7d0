"""Finds what the documentation shows to be typed: the man pages, README.md, and --help.

An example is a command line and, where the text shows it, what that prints.
"""
import dataclasses
import pathlib
import re
import shlex


@dataclasses.dataclass
class Example:
    place: str  # "man/sandbox.1:12"
    command: str
    shown: list[str] | None = None  # lines of output; None: the text shows none
    document: str | None = None  # a JSON document that it prints, as the text lays it out
    writes: str | None = None  # in the place of a command: the file whose lines `shown` is


def unescaped(text: str) -> str:
    """One line of mdoc as it is read."""
    for escape, meaning in (("\\(dq", '"'), ("\\-", "-"), ("\\&", ""), ("\\e", "\\"), ("\\(aq", "'")):
        text = text.replace(escape, meaning)
    return text


def of_block(lines: list[tuple[str, str]]) -> list[Example]:
    """Commands begin with "$ "; what follows one, up to the next, is its output.

    A block that begins with "# NAME.toml" and the like is that file.
    """
    title = re.match(r"# ([a-z]+\.[a-z]+)$", lines[0][1]) if lines else None
    if title:
        return [Example(lines[0][0], "", [line for _, line in lines], writes=title[1])]
    examples: list[Example] = []
    end = None  # the line that ends a command's here-document
    for place, line in lines:
        if end is not None:
            examples[-1].command += f"\n{line}"
            end = None if line == end else end
        elif line.startswith("$ "):
            examples.append(Example(place, line[2:]))
            document = re.search(r"<< '(\w+)'", line)
            end = document[1] if document else None
        elif examples:
            examples[-1].shown = (examples[-1].shown or []) + [line]
    return examples


def of_page(path: pathlib.Path, name: str) -> list[Example]:
    examples: list[Example] = []
    block: list[tuple[str, str]] | None = None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        place = f"{name}:{number}"
        if line.startswith(".Bd -literal"):
            block = []
        elif line.startswith(".Ed") and block is not None:
            examples += of_block(block)
            block = None
        elif block is not None:
            block.append((place, unescaped(line)))
        elif line.startswith(".Dl $ "):
            examples.append(Example(place, unescaped(line[len(".Dl $ "):])))
    return examples


def of_markdown(path: pathlib.Path, name: str) -> list[Example]:
    """```console: "$ " and output; ```sh: a command a line; ```python: a program; ```json after a
    command: what that prints."""
    examples: list[Example] = []
    kind = None
    block: list[tuple[str, str]] = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        fence = re.match(r"\s*```(\w*)\s*$", line)
        if fence is None:
            if kind is not None:
                block.append((f"{name}:{number}", line.strip() if kind == "sh" else line))
            continue
        if kind is None:
            kind, block = fence[1], []
            continue
        if kind == "console":
            examples += of_block(block)
        elif kind == "sh":
            commands = [(place, re.sub(r"\s+# .*", "", text)) for place, text in block]
            examples += [Example(place, text) for place, text in commands if text]
        elif kind == "python" and block:
            program = "\n".join(text for _, text in block)
            examples.append(Example(block[0][0], f"python3 -c {shlex.quote(program)}"))
        elif kind == "json" and examples and examples[-1].shown is None:
            examples[-1].document = "\n".join(text for _, text in block)
        kind = None
    return examples


def of_help(text: str, name: str) -> list[Example]:
    """The indented lines below "Examples:"."""
    _, _, rest = text.partition("Examples:\n")
    commands = [line.strip() for line in rest.split("\n\n")[0].splitlines()]
    return [Example(name, command) for command in commands if command]
