"""A daemon's configuration as a test has it, and as a file has it."""

from __future__ import annotations

import json
from typing import Any

Sections = dict[str, dict[str, Any]]


def toml(sections: Sections) -> str:
    """What is used here of TOML looks like JSON: strings, numbers, booleans and arrays."""
    return "\n".join(
        f"[{section}]\n" + "".join(f"{key} = {_value(value)}\n" for key, value in keys.items())
        for section, keys in sections.items()
    )


def _value(value: Any) -> str:
    """Tables are the only ones that do not."""
    if not isinstance(value, dict):
        return json.dumps(value)
    return "{ " + ", ".join(f"{name} = {_value(each)}" for name, each in value.items()) + " }"
