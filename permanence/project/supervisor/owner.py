# SPDX-License-Identifier: AGPL-3.0-or-later
"""A new real house: its data folder outside the clone, its first settings, its owner."""

import argparse
import contextlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from permanence.countries.places import TIME_ZONES
from permanence.kernel.clock import Entropy
from permanence.kernel.refusals import Refusal
from permanence.project import config
from permanence.project.supervisor.ports import open_socket

SPOKEN = ("fr", "en", "de")
LANGUAGES = {"FR": "fr", "LU": "fr", "IE": "en"}
COUNTRIES = {"fr": "FR", "de": "LU", "en": "IE"}
"""Of a house whose owner's locale names none of ours."""
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"

FIRST_SETTINGS = """\
# The settings of this house. docs/configuration.md explains each of them.

[house]
name = "house"

[sip]
# Where carriers reach the house. Only the trunks of the back office are listened to.
hosts = {every}

[media]
hosts = {every}

# The name under which secretaries and doctors open the site over TLS, without which no browser gives a microphone.
# [public]
# host = "permanence.example.org"
# address = "198.51.100.7"

# [mail]
# host = "smtp.example.org"
# port = 587
# security = "starttls"
# user = "permanence"
# from = "permanence@example.org"
"""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who opens a house, and the first facts of the house itself."""

    email: str
    name: str
    password: str
    house: str
    country: str
    language: str

    def as_json(self) -> dict[str, str]:
        """What `prepare` reads."""
        return {**asdict(self), "time_zone": TIME_ZONES[self.country]}


def new_password(entropy: Entropy) -> str:
    """20 letters and digits that cannot be mistaken for each other, in groups of five (about 99 bits)."""
    letters: list[str] = []
    while len(letters) < 20:
        # bytes that would make some letters likelier than others are thrown away
        letters += [_LETTERS[byte % 31] for byte in entropy.token(32) if byte < 248]
    return "-".join("".join(letters[start : start + 5]) for start in range(0, 20, 5))


def refuse_inside(data: Path, clone: Path) -> None:
    """A real house does not live in the clone: an update or a `git clean` would take it along. Raises Refusal."""
    if data.is_relative_to(clone):
        raise Refusal(f"{data} is inside the program's own folder. Give a folder outside {clone}.")


def every_address() -> str:
    """For `permanence.toml`: every IPv4 address and, where this machine has IPv6 at all, every IPv6 address."""
    found = ["0.0.0.0"]
    with contextlib.suppress(OSError):
        open_socket("::", 0, "udp").close()
        found.append("::")
    return json.dumps(found)


def first_settings(data: Path) -> None:
    """Writes `permanence.toml` for a new house; an existing one is left alone."""
    path = data / config.FILE_NAME
    if not path.exists():
        path.write_text(FIRST_SETTINGS.format(every=every_address()), encoding="utf-8")
        path.chmod(0o600)


def guess(environment: Mapping[str, str]) -> tuple[str, str]:
    """Country and language of the house by the locale of its owner (`en_IE.UTF-8`), else France and French."""
    locale = next((found for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (found := environment.get(name))), "")
    language, _, country = locale.partition(".")[0].partition("_")
    if language not in SPOKEN:  # C and POSIX say nothing
        return "FR", "fr"
    return country if country in TIME_ZONES else COUNTRIES[language], language


def ask_owner(options: argparse.Namespace, entropy: Entropy, environment: Mapping[str, str]) -> Owner:
    """The owner from the options, asking on the terminal for what is missing.

    Raises Refusal where the e-mail cannot be asked for; country and language then come from the locale.
    """
    email = options.owner_email or _ask("Your e-mail address (it will be your login): ", "--owner-email")
    name = options.owner_name or email.partition("@")[0]
    guessed, spoken = guess(environment)
    country = options.country or _choose("Country of the house", sorted(TIME_ZONES), guessed)
    usual = spoken if country == guessed else LANGUAGES[country]
    language = options.language or _choose("Language of the house", SPOKEN, usual)
    return Owner(email, name, new_password(entropy), options.house_name, country, language)


def _choose(question: str, choices: Sequence[str], default: str) -> str:
    """One of `choices`, asked for where there is a terminal; Enter takes `default`."""
    if not sys.stdin.isatty():
        return default
    answer = input(f"{question}, {', '.join(choices)} [{default}]: ").strip() or default
    found = [choice for choice in choices if choice.lower() == answer.lower()]
    if not found:
        raise Refusal(f"{answer!r} is none of {', '.join(choices)}.")
    return found[0]


def _ask(question: str, option: str) -> str:
    if not sys.stdin.isatty():
        raise Refusal(f"Give {option}: there is no terminal to ask on.")
    answer = input(question).strip()
    if "@" not in answer:
        raise Refusal(f"{answer!r} is not an e-mail address.")
    return answer
