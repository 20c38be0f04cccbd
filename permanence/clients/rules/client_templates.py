# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a new client of a trade usually has: hours, greetings, reasons, instructions, a script: `accounts/<code>.json`.

The texts stand in three languages; `client_template` takes one, in which the client writes, and his name. A file is
read as strictly as a script: a key it does not know, a value that does not fit or a later format is refused.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from importlib import resources
from typing import Any

import orjson

from permanence.clients.rules import script_templates
from permanence.clients.rules.account import INSTRUCTION_LIMIT, ClientKind, RecipientKind, Sector
from permanence.clients.rules.script import Fault, read_as
from permanence.clients.rules.week import HoursUnclear, read_day
from permanence.countries.emergency import LANGUAGES

FORMAT = 1
"""The version of the files; a reader refuses a later one."""
CLIENT_TEMPLATES = script_templates.TEMPLATES
"""The trades: each has its script."""
_WEEKDAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateReason:
    """A reason of the message form."""

    code: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateInstruction:
    """An instruction for everything; the higher `priority` stands first."""

    text: str
    priority: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateRecipient:
    """For whom messages can be; without a name the owner is to write one."""

    kind: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientTemplate:
    """One trade in one language. `week`: the hours of each day as people type them, Monday first.

    `script` is the code of the script it begins with; waiting times are in seconds from the INVITE.
    """

    format: int
    script: str
    about: str
    kind: str
    sector: str
    always: bool
    closed_on_holidays: bool
    week: tuple[str, ...]
    greeting: str
    ring_before_music_s: int
    max_wait_s: int
    reasons: tuple[TemplateReason, ...]
    instructions: tuple[TemplateInstruction, ...]
    recipients: tuple[TemplateRecipient, ...]


def client_template(code: str, *, language: str, name: str) -> ClientTemplate:
    """What a client of that trade and name begins with. Raises KeyError for an unknown trade."""
    if code not in CLIENT_TEMPLATES:
        raise KeyError(code)
    found, faults = read_client_template(_stored(code), language=language, name=name)
    if found is None:
        raise ValueError(f"client template {code}: {faults}")
    return found


def greetings(code: str, *, name: str) -> Mapping[str, str]:
    """The phrase of each language. Raises KeyError for an unknown trade."""
    return {each: client_template(code, language=each, name=name).greeting for each in LANGUAGES}


def read_client_template(data: Any, *, language: str, name: str) -> tuple[ClientTemplate | None, tuple[Fault, ...]]:
    """The template behind a JSON value, in that language (English where it is none of ours), or all that is wrong."""
    spoken = language if language in LANGUAGES else "en"
    value = script_templates.spoken(data, spoken, lambda text: text.replace("{client}", name))
    found, faults = read_as(ClientTemplate, value)
    faults = faults if found is None else tuple(_unsound(found))
    return (None, faults) if faults else (found, ())


def _unsound(one: ClientTemplate) -> list[Fault]:
    """What fits the form and still cannot be."""
    found = [] if one.format == FORMAT else [Fault(code="format_unknown", what=str(one.format))]
    choices: tuple[tuple[str, str, Set[str]], ...] = (
        ("script", one.script, set(script_templates.TEMPLATES)),
        ("kind", one.kind, set(ClientKind)),
        ("sector", one.sector, set(Sector)),
        *(("recipients", each.kind, set(RecipientKind)) for each in one.recipients),
    )
    found += [
        Fault(code="value_unknown", where=where, what=value) for where, value, known in choices if value not in known
    ]
    codes = [each.code for each in one.reasons]
    found += [Fault(code="id_twice", where="reasons", what=each) for each in sorted({*codes}) if codes.count(each) > 1]
    if len(one.week) != _WEEKDAYS:
        found.append(Fault(code="wrong_type", where="week", what=str(len(one.week))))
    for day in one.week:
        try:
            read_day(day)
        except HoursUnclear as unclear:
            found.append(Fault(code="value_unknown", where="week", what=str(unclear)))
    if not one.always and not any(one.week):
        found.append(Fault(code="field_missing", where="week", what="hours"))
    if "{name}" not in one.greeting:
        found.append(Fault(code="field_missing", where="greeting", what="{name}"))
    texts = [each.text for each in one.instructions]
    found += [Fault(code="too_long", where="instructions") for each in texts if not 0 < len(each) <= INSTRUCTION_LIMIT]
    if not 0 < one.ring_before_music_s < one.max_wait_s:
        found.append(Fault(code="value_unknown", where="max_wait_s", what=str(one.max_wait_s)))
    return found


def _stored(code: str) -> dict[str, Any]:
    text = resources.files(__package__).joinpath("accounts", f"{code}.json").read_bytes()
    found: dict[str, Any] = orjson.loads(text)
    return found
