"""Writes the manual pages and the bash completion from the code: `make docs` runs it.
What each verb and key does is said where it is defined."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from chatd import __version__, cli
from chatd.ctl import arguments as ctl
from chatd.ops.config.table import SECTIONS

PACKAGING = Path(__file__).resolve().parent
REFUSED = (
    "refused, or not done; for `doctor`, there are warnings; for `verify` and `audit verify`, it "
    "is not whole; for `bench` and `canary --once`, it did not go well"
)
UNAVAILABLE = (
    "`serve`: it cannot start, and its log says why: the database cannot be opened, or an address "
    "is taken; `connect`: no session could be opened"
)
EXITS = {
    "chatd": (
        ("0", "done, and all is well"),
        ("1", REFUSED),
        ("2", "a mistake in the arguments, but for `connect`; for `doctor`, something is wrong"),
        ("64", "`connect`: a mistake in the arguments"),
        ("65", "`connect`: a text cannot be said"),
        ("66", "`connect`: a file cannot be read"),
        ("69", UNAVAILABLE),
        ("70", "`serve` and `connect`: a fault of chatd itself"),
        ("71", "`serve`: what systemd handed over cannot be used"),
        ("75", "`serve`: told to stop a second time, it did not wait; `connect`: not now"),
        ("77", "`connect`: not permitted"),
        ("78", "the configuration has errors, and each was told"),
        ("130", "interrupted by Ctrl-C, on which `serve` and `canary` stop in order, with 0"),
        ("143", "`connect`: ended by SIGTERM, as a shell says it"),
    ),
    "chatctl": tuple(
        (line.split()[0], line.strip().partition("  ")[2])
        for line in ctl.EXITS.splitlines()
        if line.startswith("  ")
    ),
}
FILES = (
    ("/etc/chatd/chatd.toml", "the configuration, chatd.toml(5)"),
    ("/etc/sysconfig/chatd", "what the units and the package are told"),
    ("/var/lib/chatd", "the database"),
    ("/var/backups/chatd", "what chatd-backup.timer makes"),
    ("/run/chatd", "the sockets"),
)
TOML_INTRO = (
    "One file in TOML. Every key has a default, so it holds only what is different.",
    "`chatd check FILE` finds everything that is wrong with a file at once.",
    "`systemctl reload chatd` reads it again, all or nothing.",
    'Sizes are bytes, or strings with a unit: "64 KiB", "1 MiB".',
    'Durations are strings with a unit: "500ms", "25s", "2m", "1h", "1d". Unknown keys are errors.',
)
Parser = argparse.ArgumentParser
HIDDEN = argparse.SUPPRESS


def programs() -> dict[str, Parser]:
    """The commands of the package."""
    chatd = cli.parser()
    return {"chatd": chatd, "chatctl": ctl.parser()}


# --- the parsers ---


def actions(parser: Parser) -> list[argparse.Action]:
    """What argparse keeps to itself, and tells in no other way."""
    return list(parser._actions)  # noqa: SLF001  # see above


def inner(parser: Parser) -> dict[str, Parser]:
    """The verbs of a parser."""
    found = [a.choices for a in actions(parser) if isinstance(a.choices, dict)]
    return found[0] if found else {}


def leaves(parser: Parser) -> Iterator[Parser]:
    """All verbs, down to the last."""
    verbs = inner(parser)
    if not verbs:
        yield parser
    for each in verbs.values():
        yield from leaves(each)


def options(parser: Parser) -> list[argparse.Action]:
    """What a verb takes, but --help."""
    return [a for a in actions(parser) if "--help" not in a.option_strings and a.help != HIDDEN]


# --- manual pages ---


def escaped(text: str) -> str:
    """As troff takes it. `code` becomes bold."""
    safe = text.replace("\\", "\\e").replace("-", "\\-")
    safe = re.sub(r"`([^`]*)`", r"\\fB\1\\fR", " ".join(safe.split()))
    return "\\&" + safe if safe.startswith((".", "'")) else safe


def item(term: str, text: str) -> str:
    """A term and what it is."""
    return f".TP\n.B {escaped(term)}\n{escaped(text)}\n"


def page(name: str, section: int, says: str, parts: list[str]) -> str:
    """A whole page."""
    head = f'.TH "{name.upper()}" "{section}" "" "chatd {__version__}" "chatd"\n.nh\n.ad l\n'
    return "".join([head, f".SH NAME\n{escaped(name)} \\- {escaped(says)}\n", *parts])


def term(action: argparse.Action) -> str:
    """An argument, as it is typed."""
    names = ", ".join(action.option_strings)
    if not names and not action.metavar and action.choices:
        return "|".join(action.choices)
    value = "" if action.nargs == 0 else str(action.metavar or action.dest.upper())
    return " ".join(filter(None, (names, value)))


def shared(action: argparse.Action, parser: Parser) -> bool:
    """Whether every verb takes it, too."""
    return all(term(action) in map(term, options(verb)) for verb in leaves(parser))


def command_page(name: str, parser: Parser) -> str:
    """chatd(8) and the like."""
    parts = [f".SH SYNOPSIS\n.B {name}\nVERB [\\fIoptions\\fR]\n"]
    parts.append(f".SH DESCRIPTION\n{escaped(parser.description or '')}\n")
    everywhere = {term(a): a for a in options(parser) if shared(a, parser)}
    if everywhere:
        parts.append(".SH OPTIONS\nThey may stand before the verb or after it.\n")
        parts += [item(name, a.help or "") for name, a in everywhere.items()]
    parts.append(".SH VERBS\n")
    for verb in leaves(parser):
        usage = " ".join(verb.format_usage().removeprefix("usage: ").split())
        called = verb.prog.removeprefix(f"{name} ")
        parts.append(f".SS {escaped(called)}\n{escaped(verb.description or '')}\n")
        parts.append(f".PP\n{escaped(usage)}\n")
        own = [a for a in options(verb) if a.help and term(a) not in everywhere]
        parts += [item(term(a), (a.help or "").replace("%%", "%")) for a in own]
        if verb.epilog:  # examples stand on lines of their own
            lines = [escaped(line) for line in verb.epilog.splitlines()]
            parts.append(".PP\n" + "\n.br\n".join(lines) + "\n")
    parts.append(".SH EXIT STATUS\n" + "".join(item(*each) for each in EXITS[name]))
    parts.append(".SH FILES\n" + "".join(item(*each) for each in FILES))
    parts.append(".SH SEE ALSO\nchatd(8), chatctl(8), chatd.toml(5), /usr/share/doc/chatd\n")
    return page(name, 8, (parser.description or name).rstrip("."), parts)


def toml_page() -> str:
    """chatd.toml(5)."""
    parts = [".SH DESCRIPTION\n", *(f"{escaped(each)}\n" for each in TOML_INTRO)]
    for section in SECTIONS.values():
        parts.append(f".SH [{escaped(section.name)}]\n{escaped(section.doc)}\n")
        for key in section.keys:
            change = "reload" if key.reload else "restart"
            facts = f"Default: {key.kind.write(key.default)}. Allowed: {key.kind.allowed}."
            facts += f" A change needs a {change}."
            parts.append(item(key.name.partition(".")[2], key.doc) + f".br\n{escaped(facts)}\n")
    parts.append(".SH SEE ALSO\nchatd(8)\n")
    return page("chatd.toml", 5, "the configuration of chatd", parts)


# --- completion ---

COMPLETION = """\
# bash completion for {name}; made by packaging/manual.py.
_{name}() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}}
    local verbs= words= word
    for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        case "$verbs $word" in
{known}            *) ;;
        esac
    done
    case "$previous" in
        {files}) COMPREPLY=($(compgen -f -- "$current")); return ;;
    esac
    case "$verbs" in
{cases}    esac
    COMPREPLY=($(compgen -W "$words" -- "$current"))
    [ ${{#COMPREPLY[@]}} -gt 0 ] || COMPREPLY=($(compgen -f -- "$current"))
}}
complete -o filenames -F _{name} {name}
"""
PATHS = {"FILE", "DIR", "FOLDER", "BACKUP", "WHERE"}


def completion(name: str, parser: Parser) -> str:
    """The completion of one command: verbs, options, and files where files are meant."""
    tree = dict(_below("", parser))
    known = "".join(f'            "{verb}") verbs="{verb}" ;;\n' for verb in tree if verb)
    cases = ""
    files = {"--config"}
    for verb, each in tree.items():
        words = [*inner(each), *(n for a in options(each) for n in a.option_strings), "--help"]
        cases += f'        "{verb}") words="{" ".join(words)}" ;;\n'
        files |= {n for a in options(each) if a.metavar in PATHS for n in a.option_strings}
    return COMPLETION.format(name=name, known=known, cases=cases, files="|".join(sorted(files)))


def _below(so_far: str, parser: Parser) -> Iterator[tuple[str, Parser]]:
    yield so_far, parser
    for name, verb in inner(parser).items():
        yield from _below(f"{so_far} {name}", verb)


def texts() -> dict[Path, str]:
    """Every file that is made here, and what is in it."""
    made = {PACKAGING / "man" / "chatd.toml.5": toml_page()}
    for name, parser in programs().items():
        made[PACKAGING / "man" / f"{name}.8"] = command_page(name, parser)
        made[PACKAGING / "completion" / name] = completion(name, parser)
    return made


def main() -> int:
    """Write them."""
    for path, text in texts().items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
