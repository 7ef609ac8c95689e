"""Each alert has its runbook, each runbook its alert; what one is told to type there exists."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from chatd import cli
from chatd.ctl.arguments import parser
from chatd.ops.config.table import KEYS, SECTIONS
from tests.unit.monitoring.bundle import ALERTS, BUNDLE, RUNBOOKS, known

PARTS = ["Meaning", "Impact", "Diagnosis", "Mitigation"]
PAGES = {page.stem: page.read_text() for page in sorted(RUNBOOKS.glob("*.md"))}
README = (BUNDLE / "README.md").read_text()


def commands() -> Iterator[tuple[str, str]]:
    """Every command of every page: of a block, or within a sentence."""
    for name, text in PAGES.items():
        blocks = re.findall(r"^```sh\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
        inline = re.findall(r"`((?:chatd|chatctl) [^`]+)`", text)
        lines = [line for block in blocks for line in block.splitlines()]
        yield from ((name, line) for line in [*lines, *inline])


def of_program(program: str) -> list[list[str]]:
    """The arguments of each of a program's commands; what stands before it is taken off."""
    found = [re.search(rf"(?:^|-- ){program} (.*)", line) for _, line in commands()]
    return [shlex.split(each.group(1)) for each in found if each is not None]


def test_each_alert_has_its_runbook_and_each_runbook_its_alert() -> None:
    assert set(PAGES) == set(ALERTS)


def test_a_runbook_says_what_it_means_what_to_look_at_and_what_to_do() -> None:
    for name, text in PAGES.items():
        alert = ALERTS[name]
        kind, summary = alert["labels"]["severity"], alert["annotations"]["summary"]
        assert text.startswith(f"# {name}\n\nA {kind}: {summary}.\n")
        assert re.findall(r"^## (.+)$", text, flags=re.MULTILINE) == PARTS, name
        _, *bodies = re.split(r"^## .+$", text, flags=re.MULTILINE)
        assert all(len(body.split()) >= 5 for body in bodies), name
        assert "```sh" in bodies[2], name


def test_a_command_of_chatd_is_one_that_chatd_understands() -> None:
    for arguments in of_program("chatd"):
        if arguments != ["--version"]:  # it ends a program, which is right
            cli.parser().parse_args(arguments)


def test_a_command_of_chatctl_is_one_that_chatctl_understands() -> None:
    for arguments in of_program("chatctl"):
        parser().parse_args(arguments)


def test_commands_are_found() -> None:
    assert ["undrain"] in of_program("chatctl")
    assert ["doctor", "--full"] in of_program("chatd")
    assert ["backup", "/var/backups/chatd"] in of_program("chatd")


def test_a_metric_that_a_runbook_names_is_one() -> None:
    families = {re.sub(r"_(bucket|sum|count)$", "", series) for series in known()} | set(known())
    for name, text in PAGES.items():
        for metric in re.findall(r"`(chatd_\w+)`", text):
            assert metric in families, f"{name}: {metric}"


def test_a_setting_that_a_runbook_names_is_one() -> None:
    for name, text in PAGES.items():
        for setting in re.findall(rf"`((?:{'|'.join(SECTIONS)})\.\w+)`", text):
            assert setting in KEYS, f"{name}: {setting}"


def test_a_runbook_leads_to_pages_that_are_there() -> None:
    for name, text in PAGES.items():
        for page in re.findall(r"\]\(([^)]+)\)", text):
            assert (RUNBOOKS / page).exists(), f"{name}: {page}"
        for page in re.findall(r"\b(?:docs|packaging)/[\w/.-]+\w", text):
            assert (RUNBOOKS.parents[1] / page).exists(), f"{name}: {page}"


def test_the_address_of_the_runbooks_is_changed_by_what_the_readme_says() -> None:
    (old, new) = re.findall(r"sed -i 's\|([^|]+)\|([^|]+)\|'", README)[0]
    for alert in ALERTS.values():
        url = alert["annotations"]["runbook_url"].replace(old, new)
        assert url == f"https://wiki.example/chatd/runbooks/{alert['alert']}.md"
