# Files and directories below /workspace and /tmp: pathlib, shutil, mmap, tempfile, an archive, SQL in memory.
import mmap
import os
import shutil
import sqlite3
import tarfile
import tempfile
from pathlib import Path

for place in ["/workspace", "/tmp"]:
    tree = Path(place, "tree")
    (tree / "a" / "b").mkdir(parents=True)
    (tree / "a" / "first").write_text("text\n")
    shutil.copy2(tree / "a" / "first", tree / "a" / "b" / "second")
    (tree / "a" / "first").rename(tree / "third")
    (tree / "link").symlink_to("third")
    (tree / "third").chmod(0o600)
    with open(tree / "third", "r+b") as file, mmap.mmap(file.fileno(), 0) as view:
        view[0:1] = b"T"
    with tarfile.open(Path(place, "tree.tar.gz"), "w:gz") as archive:
        archive.add(tree, "tree")
    with tarfile.open(Path(place, "tree.tar.gz")) as archive:
        print(f"{place}: {(tree / 'link').read_text().strip()}, {' '.join(sorted(archive.getnames()))}")
    shutil.rmtree(tree)
    os.unlink(Path(place, "tree.tar.gz"))

with tempfile.TemporaryDirectory() as directory, tempfile.TemporaryFile() as file:
    file.write(b"x" * 1000)
    print("temporary", Path(directory).parent, file.tell())

table = sqlite3.connect(":memory:")
table.execute("create table numbers (n)")
table.executemany("insert into numbers values (?)", [(n,) for n in range(100)])
print("sum", table.execute("select sum(n) from numbers").fetchone()[0])
