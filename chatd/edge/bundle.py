"""The web client's modules as one, so that a page asks once where it would ask for each.
Each stands behind what it imports, in a scope of its own. Who works on them builds nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping

_IMPORT = re.compile(r'^import (?:\* as (\w+)|(\{[^}]*\})) from "\./([\w-]+\.js)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?(?:class|const|function) ([\w$]+))", re.MULTILINE)
_LEFT = re.compile(r"^(?:import|export)\b.*|\bimport\(", re.MULTILINE)


def bundle(entry: str, modules: Mapping[str, str]) -> tuple[str, list[str]]:
    """The module of this name with all that it imports, as one script; and the names of these, in
    the order in which they run, the entry last.

    ``modules`` are texts by their names. Raises ValueError for an import or export of a form that
    is not known here, for a module that is not there, and for modules that import each other.
    """
    order: list[str] = []
    _walk(entry, modules, order, ())
    scopes = [_scope(name, modules[name], order) for name in order]
    return "".join(scopes), order


def _walk(name: str, modules: Mapping[str, str], order: list[str], above: tuple[str, ...]) -> None:
    if name in order:
        return
    if name in above:
        raise ValueError(f"modules import each other: {' -> '.join([*above, name])}")
    if name not in modules:
        raise ValueError(f"{above[-1] if above else 'the page'} imports {name}, which is not there")
    for found in _IMPORT.finditer(modules[name]):
        _walk(found[3], modules, order, (*above, name))
    order.append(name)


def _scope(name: str, text: str, order: list[str]) -> str:
    """One module: a function that is called once and gives what the module exports."""
    taken = _IMPORT.sub(lambda found: _taken(found, order), text)
    exported = [found[2] for found in _EXPORT.finditer(taken)]
    body = _EXPORT.sub(r"\1", taken)
    left = _LEFT.search(body)
    if left:
        raise ValueError(f"{name}: `{left[0]}` is of a form that chatd/edge/bundle.py cannot read")
    gives = f"return {{{','.join(exported)}}};"
    return f"const ${order.index(name)} = (() => {{\n{body}\n{gives}\n}})();\n"


def _taken(found: re.Match[str], order: list[str]) -> str:
    names = found[1] or re.sub(r" as ", ": ", found[2])
    return f"const {names} = ${order.index(found[3])};"
