# SPDX-License-Identifier: AGPL-3.0-or-later
"""`./run`: one command and its words. Each word is a module with `main(arguments) -> exit status`, loaded when used."""

import importlib
import sys
from collections.abc import Sequence
from typing import NamedTuple

from permanence.kernel.refusals import Refusal


class Command(NamedTuple):
    """One word of `./run`: the module that does it, the beginning of its arguments, and its line in the help."""

    module: str
    usage: str
    summary: str


COMMANDS: dict[str, Command] = {
    "": Command("permanence.project.supervisor.start", "", "the demonstration house, on this machine only"),
    "--empty": Command("permanence.project.supervisor.start", "DIR", "a real house in its own data folder"),
    "demo": Command(
        "permanence.project.demo_command",
        "[--secretary]",
        "callers for the demonstration house, and a secretary who answers",
    ),
    "doctor": Command("permanence.project.doctor", "", "says in plain words what is wrong with a house"),
    "keys": Command(
        "permanence.project.keys", "[rotate | export DIR]", "lists the keys of a house, makes new ones, copies them"
    ),
    "backup": Command("permanence.project.backup", "DIR", "copies a house while it runs"),
    "restore": Command("permanence.project.backup_restore", "COPY --data DIR", "puts a copy back into an empty folder"),
    "trunk test": Command(
        "permanence.project.trunk_test", "NUMBER", "calls a number over a trunk and says what the carrier does"
    ),
    "install": Command(
        "permanence.project.install", "DIR", "makes a service that starts at boot, of a house made by --empty"
    ),
    "bench": Command("permanence.project.bench", "NAME", "measures the house and prints the figures"),
    "phone": Command("permanence.project.phone.command", "NUMBER", "a telephone that calls the running house"),
}


def usage() -> str:
    """The help, one line a command."""
    rows = [(f"./run {name} {command.usage}".strip(), command.summary) for name, command in COMMANDS.items()]
    width = max(len(left) for left, _ in rows)
    return "\n".join(f"  {' '.join(left.split()):<{width}}  {summary}" for left, summary in rows)


def split(arguments: Sequence[str]) -> tuple[str, list[str]]:
    """The command's word and the rest. Options alone belong to the empty word."""
    for length in (2, 1):
        name = " ".join(arguments[:length])
        if len(arguments) >= length and name in COMMANDS and not name.startswith("-"):
            return name, list(arguments[length:])
    return "", list(arguments)


def main(arguments: Sequence[str]) -> int:
    """Runs one command; a refusal is one sentence on stderr and status 1, a wrong word is the help and status 2."""
    if list(arguments) in (["help"], ["-h"], ["--help"]):
        sys.stdout.write(f"{usage()}\n")
        return 0
    name, rest = split(arguments)
    if not name and rest and not rest[0].startswith("-"):
        sys.stderr.write(f"./run knows no {rest[0]!r}. It knows:\n{usage()}\n")
        return 2
    try:
        module = importlib.import_module(COMMANDS[name].module)
        return int(module.main(rest))
    except Refusal as refusal:
        sys.stderr.write(f"{refusal.why}\n")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
