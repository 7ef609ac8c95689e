"""What ansible/ has from the daemon's own table of keys: a variable for each key, with its bounds.
`python -m tests.ansible.generated` writes it; test_variables.py keeps it equal."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from chatd.ops.config.keys import Key
from chatd.ops.config.table import SECTIONS

ANSIBLE = Path(__file__).parents[2] / "ansible"
ROLE = ANSIBLE / "roles" / "chatd"
SPECS = ROLE / "meta" / "argument_specs.yml"
KEYS_FILE = ROLE / "vars" / "main" / "keys.yml"
README = ANSIBLE / "README.md"

MADE = "      # Made from chatd/ops/config/table.py by `make docs`: what follows is written anew.\n"
TABLES = "<!-- What follows is made from the argument_specs of the roles by `make docs`. -->\n"

# Keys that the role sets: systemd opens chatd's sockets, and nginx speaks for its clients.
PACKAGED: dict[str, list[str]] = {
    "listen.public": ["systemd:public"],
    "listen.operations": ["systemd:operations"],
    "http.hosts": ["{{ chatd_hostname }}"],
    "http.trusted_proxies": ["unix"],
}

# The daemon's word for a kind of value -> Ansible's type, and what the value looks like.
NUMBER = r"[0-9]+(\.[0-9]+)?"
KINDS: dict[str, tuple[str, str]] = {
    "boolean": ("bool", ""),
    "integer": ("int", "[0-9]+"),
    "number": ("float", NUMBER),
    "size in bytes": ("str", "[0-9]+( *(B|KiB|MiB|GiB))?"),
    "duration": ("str", NUMBER + " *(ms|s|m|h|d)"),
    "file mode": ("str", "0?[0-7]{3}"),
    "string": ("str", ""),
    "path": ("str", "[^~].*[^/]"),
    "room": ("str", "[^#].*"),
    "time zone": ("str", "[A-Za-z0-9_+/-]+"),
    "listener": ("str", r"tcp:(\[[0-9a-fA-F:.]+\]|[0-9.]+):[0-9]{1,5}|unix:/.+|systemd:[!-9;-~]+"),
    "origin": ("str", r"same-host|\*|[A-Za-z][A-Za-z0-9+.-]*://[^/]+"),
    "host": ("str", r"\*|[A-Za-z0-9._-]{1,253}"),
    "table": ("dict", ""),
    "network": ("str", r"unix|[0-9a-fA-F:.]+(/[0-9]{1,3})?"),
}
RANGE = re.compile('from "?([0-9.]+)( ?[A-Za-z]+)?"? to "?([0-9.]+)( ?[A-Za-z]+)?"?')
LENGTH = re.compile("a string of (?:([0-9]+) to|at most) ([0-9]+) characters")
UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
UNITS |= {"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


def variable(key: Key) -> str:
    """The variable of a key: limits.rate is chatd_limits_rate."""
    return "chatd_" + key.name.replace(".", "_")


def every_key() -> Iterator[Key]:
    """All keys of the daemon's configuration, in the order of its reference."""
    for section in SECTIONS.values():
        yield from section.keys


def option(key: Key) -> dict[str, Any]:
    """What argument_specs say of a key's variable."""
    word = key.kind.word
    if word.startswith("list of "):
        kind, _ = KINDS[word.removeprefix("list of ").removesuffix("s")]
        said: dict[str, Any] = {"type": "list", "elements": kind}
    else:
        said = {"type": KINDS[word][0]}
    if choices := _choices(key):
        said["choices"] = choices
    if key.name in PACKAGED:
        said["default"] = PACKAGED[key.name]
    needs = "reload" if key.reload else "restart"
    doc = " ".join(key.doc.replace("`", "").split())
    default = json.dumps(PACKAGED.get(key.name)) if key.name in PACKAGED else written(key)
    return said | {"description": f"{doc} Key {key.name}, {default} if not set; a {needs}."}


def written(key: Key) -> str:
    """A key's default in the daemon, as TOML has it."""
    return key.kind.write(key.default)


def _choices(key: Key) -> list[str]:
    if not key.kind.allowed.startswith("one of "):
        return []
    return re.findall('"([^"]*)"', key.kind.allowed)


def bounds(key: Key) -> dict[str, Any]:
    """What the role's own check and its template know of a key."""
    table, _, leaf = key.name.rpartition(".")
    word = key.kind.word.removeprefix("list of ").removesuffix(
        "s" if key.kind.word[:4] == "list" else ""
    )
    kind, pattern = KINDS[word]
    said: dict[str, Any] = {"variable": variable(key), "table": table, "key": leaf}
    said["form"] = "list" if key.kind.word.startswith("list of ") else kind
    if word == "size in bytes":
        said["form"] = "size"
    if length := LENGTH.search(key.kind.allowed):
        least = int(length[1] or 0)
        pattern = f"[\\s\\S]{{{least},{length[2]}}}"
    if pattern:
        said["pattern"] = pattern
    ends = RANGE.search(key.kind.allowed)
    if (ends and kind in {"int", "float"}) or (ends and word in {"size in bytes", "duration"}):
        said["least"] = _amount(ends[1], ends[2])
        said["most"] = _amount(ends[3], ends[4])
    return said | {"allowed": key.kind.allowed}


def _amount(number: str, unit: str | None) -> int | float:
    amount = float(number) * UNITS[(unit or "").strip()]
    return int(amount) if amount == int(amount) else amount


def specs() -> str:
    """roles/chatd/meta/argument_specs.yml: what is written by hand, and an option for each key."""
    by_hand = SPECS.read_text().partition(MADE)[0]
    made = _dump({variable(key): option(key) for key in every_key()})
    return by_hand + MADE + "".join(f"      {line}\n" for line in made.splitlines())


def keys_file() -> str:
    """roles/chatd/vars/main/keys.yml."""
    head = "---\n# Made from chatd/ops/config/table.py by `make docs`.\n"
    return head + _dump({"__chatd_keys": [bounds(key) for key in every_key()]})


class _Indented(yaml.SafeDumper):
    """Lists stand to the right of their names, as yamllint wants them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _dump(value: object) -> str:
    return yaml.dump(value, Dumper=_Indented, sort_keys=False, width=120, allow_unicode=True)


# --- the page ---


def readme() -> str:
    """ansible/README.md: what is written by hand, and a table of variables for each entry point."""
    by_hand = README.read_text().partition(TABLES)[0]
    return by_hand + TABLES + "".join(_tables())


def _tables() -> Iterator[str]:
    for specs_file in sorted(ANSIBLE.glob("roles/*/meta/argument_specs.yml")):
        role = specs_file.parents[1].name
        loaded = yaml.safe_load(specs_file.read_text())["argument_specs"]
        for entry, spec in loaded.items():
            name = role if entry == "main" else f"{role}, {entry}"
            yield f"\n## Variables of {name}\n\n{_prose(spec['description'])}\n\n"
            yield "| variable | type | default | |\n|---|---|---|---|\n"
            yield from _rows(spec.get("options", {}), "")


def _rows(options: dict[str, dict[str, Any]], prefix: str) -> Iterator[str]:
    for name, said in options.items():
        kind = said["type"] + (f" of {said['elements']}" if "elements" in said else "")
        choices = ", ".join(f"`{each}`" for each in said.get("choices", []))
        about = _prose(said["description"]) + (f" One of {choices}." if choices else "")
        default = "required" if said.get("required") else _shown(said)
        yield f"| `{prefix}{name}` | {kind} | {default} | {about.replace('|', chr(92) + '|')} |\n"
        yield from _rows(said.get("options", {}), f"{prefix}{name}[].")


def _shown(said: dict[str, Any]) -> str:
    if said.get("default") in (None, "", []):
        return ""
    default = said["default"]
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _prose(description: str | list[str]) -> str:
    text = description if isinstance(description, str) else " ".join(description)
    return re.sub(r"C\(([^()]*)\)", r"`\1`", text)


FILES = {SPECS: specs, KEYS_FILE: keys_file, README: readme}


def main() -> None:
    """Write all of them; the page last, which is made from the first."""
    for file, text in FILES.items():
        file.write_text(text())


if __name__ == "__main__":
    main()
