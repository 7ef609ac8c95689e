"""The file that the role writes says what the inventory says, key by key, to the daemon itself."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import yaml

from chatd.ops.config import parse
from chatd.ops.config.load import DEFAULT, value
from tests.ansible.control import Control
from tests.ansible.generated import every_key, variable


def written(node: Control, folder: Path, variables: dict[str, Any]) -> str:
    """What the role's template makes of these variables."""
    play, dest = folder / "play.yml", folder / "chatd.toml"
    tasks = [
        {"ansible.builtin.include_vars": {"dir": str(node.folder / "roles/chatd/vars/main")}},
        {
            "ansible.builtin.template": {
                "src": str(node.folder / "roles/chatd/templates/chatd.toml.j2"),
                "dest": str(dest),
                "mode": "0600",
            }
        },
    ]
    play.write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    said = node.run("-m", "ansible", "playbook", str(play), "--extra-vars", json.dumps(variables))
    assert said.code == 0, said.text
    return dest.read_text()


def test_every_key_can_be_set(node: Control, tmp_path: Path) -> None:
    raw = {key: tomllib.loads(f"it = {key.kind.write(key.default)}")["it"] for key in every_key()}
    text = written(node, tmp_path, {variable(key): it for key, it in raw.items()})
    loaded = parse(text, "chatd.toml", Path("/"))
    assert DEFAULT not in loaded.origins.values()
    for key in raw:
        assert value(loaded.config, key.name) == key.default


def test_what_an_ini_inventory_or_a_person_writes_arrives(node: Control, tmp_path: Path) -> None:
    motd = 'Say "hi" \\ 😀\nand be kind'
    variables = {
        "chatd_limits_burst": "7",
        "chatd_limits_rate": "0.5",
        "chatd_guests_allowed": "no",
        "chatd_limits_message_bytes": "1024",
        "chatd_limits_frame_bytes": "128 KiB",
        "chatd_server_motd": motd,
        "chatd_http_trusted_proxies": ["unix", "10.0.0.0/8"],
    }
    config = parse(written(node, tmp_path, variables), "chatd.toml", Path("/")).config
    assert (config.limits.burst, config.limits.rate, config.guests.allowed) == (7, 0.5, False)
    assert (config.limits.message_bytes, config.limits.frame_bytes) == (1024, 128 << 10)
    assert config.server.motd == motd
    assert config.http.trusted_proxies.unix
