# SPDX-License-Identifier: AGPL-3.0-or-later
"""`./run keys`: the keys of a house, listed, made, rotated, exported.

Which keys there are stands in `docs/adr/0005-audio-at-rest.md`. A rotation adds keys and takes none away: what was
sealed before goes on opening. It needs no restart: web, worker and media take the newest at their next use.
"""

import argparse
import os
import pwd
import shutil
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings

from permanence.foundation import secrecy
from permanence.kernel.clock import Entropy
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemEntropy
from permanence.project.supervisor import folder
from permanence.project.supervisor.start import DEMONSTRATION, say
from permanence.telephony import spool


class KeysRefused(Refusal):
    """The keys cannot be listed, made or exported; `why` is the sentence to print."""

    code = "keys_refused"


def houses(data: Path) -> list[str]:
    """The slugs of the houses that have a key in this data folder."""
    names = (path.name.removeprefix("house-").removesuffix(".key") for path in (data / "keys").glob("house-*.key"))
    return sorted({name.partition(".")[0] for name in names})


def listed(data: Path) -> list[str]:
    """The keys there are, one line each, no secret among them."""
    lines = [f"house {house}: text and audio, versions {_numbers(house)}" for house in houses(data)]
    public = data / "keys" / spool.PUBLIC_KEY
    now = spool.key_id(public.read_bytes()).hex() if public.exists() else ""
    for path in sorted((data / "keys").glob("spool-*.key")):
        key = path.name.removeprefix("spool-").removesuffix(".key")
        lines.append(f"spool: {key}{' (in use)' if key == now else ''}")
    return lines


def rotate(data: Path, entropy: Entropy) -> list[str]:
    """A new version of every house's key and a new pair for the spool; what was made, one line each."""
    made = [f"house {house}: version {secrecy.rotate_key(house, entropy=entropy)}" for house in houses(data)]
    return [*made, f"spool: {folder.make_spool_key(data)}"]


def export(data: Path, target: Path) -> int:
    """Copy every key to `target`, empty or absent, for its owner alone; gives how many. Raises KeysRefused."""
    if target.exists() and any(target.iterdir()):
        raise KeysRefused(f"{target} is not empty.")
    if target.resolve().is_relative_to(data):
        raise KeysRefused("Keys that are exported into the house they open are lost with it: name another folder.")
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    target.chmod(0o700)
    found = sorted(path for path in (data / "keys").iterdir() if path.suffix in {".key", ".pub"})
    for path in found:
        copied = target / path.name
        copied.touch(mode=0o600)
        shutil.copyfile(path, copied)
    return len(found)


def _numbers(house: str) -> str:
    return ", ".join(str(version) for version in secrecy.versions(house))


def main(arguments: Sequence[str]) -> int:
    """`./run keys [list | make | rotate | export DIR] [--data DIR]`."""
    parser = argparse.ArgumentParser(prog="./run keys", description="The keys of a house.")
    parser.add_argument("act", nargs="?", default="list", choices=("list", "make", "rotate", "export"))
    parser.add_argument("target", nargs="?", type=Path, help="with export: the folder that receives the keys")
    parser.add_argument("--data", type=Path, default=DEMONSTRATION, help="the house's data folder (default: var/demo)")
    options = parser.parse_args(arguments)
    data = options.data.resolve()
    if not (data / "keys").is_dir():
        raise KeysRefused(f"There is no house in {data}.")
    if options.act in {"make", "rotate"} and data.stat().st_uid != os.getuid():
        owner = pwd.getpwuid(data.stat().st_uid).pw_name
        raise KeysRefused(
            f"Keys made by another user cannot be read by the house. Type:\n  sudo -u {owner} ./run keys ..."
        )
    os.environ["PERMANENCE_DATA"] = str(data)  # read when the settings are first asked for, in the next line
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "permanence.project.settings")
    settings.PERMANENCE = settings.PERMANENCE.changed(data=data)
    if options.act == "export":
        if options.target is None:
            raise KeysRefused("Say where: ./run keys export DIR")
        count = export(data, options.target.resolve())
        say(f"{count} keys are copied to {options.target}. Whoever holds them reads every message of the house.")
        return 0
    if options.act == "make":
        folder.make_keys(data, SystemEntropy())
    elif options.act == "rotate":
        for line in rotate(data, SystemEntropy()):
            say(f"made {line}")
        say("Copy the keys to a safe place now: ./run keys export DIR")
    for line in listed(data):
        say(line)
    return 0
