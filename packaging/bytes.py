"""What the build makes of the installed tree: stamps launchers, prunes, compiles.
Run by the spec file with the package's own interpreter; nothing but the standard library."""

from __future__ import annotations

import compileall
import os
import py_compile
import shutil
import sys
from pathlib import Path

# Commands of bundled packages, tests, typings and schemas, and a compiler of schemas (4 MB) that
# chatd never calls. What a package says of its licence is in its dist-info, and stays.
FOLDERS = ("bin", "_test", "test", "tests", "testing", "_flatc", "examples", "newsfragments")
SUFFIXES = (".pyi", ".pyx", ".pxd", ".h", ".fbs", ".bfbs", ".glade")
NAMES = ("RECORD", "REQUESTED", "INSTALLER", "direct_url.json", ".gitignore", "py.typed")
# These folders have such a name, and are imported.
KEPT = ("chatd",)


def stamp(folder: Path, out: Path, python: str, tree: str) -> None:
    """Write the launchers of ``folder`` with their interpreter and tree."""
    for source in sorted(folder.iterdir()):
        text = source.read_text(encoding="utf-8")
        (out / source.name).write_text(
            text.replace("@PYTHON@", python).replace("@TREE@", tree), encoding="utf-8"
        )


def prune(tree: Path) -> None:
    """Remove what nobody runs."""
    for folder, inner, files in os.walk(tree):
        here = Path(folder)
        if here.relative_to(tree).parts[:1] in [(kept,) for kept in KEPT]:
            continue
        for name in [name for name in inner if name in FOLDERS]:
            shutil.rmtree(here / name)
            inner.remove(name)
        for name in files:
            if name in NAMES or name.endswith(SUFFIXES):
                (here / name).unlink()


def compile_all(tree: Path, root: Path) -> bool:
    """Compile every module, in the same order each time. The files name their source by its hash
    and not by its time, and the hash is not looked at again: the package owns both."""
    files = sorted(str(path) for path in tree.rglob("*.py"))
    done = [_compiled(file, root) for file in files]  # all of them, and then judge
    return all(done)


def _compiled(file: str, root: Path) -> bool:
    return bool(
        compileall.compile_file(
            file,
            quiet=1,
            force=True,
            stripdir=str(root),
            prependdir="/",
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
    )


def main(verb: str, *arguments: str) -> int:
    """Run one of the three."""
    if verb == "stamp":
        stamp(Path(arguments[0]), Path(arguments[1]), *arguments[2:])
    elif verb == "prune":
        prune(Path(arguments[0]))
    else:
        return 0 if compile_all(Path(arguments[0]), Path(arguments[1])) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
