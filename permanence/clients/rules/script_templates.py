# SPDX-License-Identifier: AGPL-3.0-or-later
"""The scripts a new client may begin with, as a good house would write them: `templates/<code>.json`.

A template is a script whose texts stand in three languages. `template` takes one language, puts the client's
recipients where it says "@practitioner", "@practice" or "@desk", and his country's emergency numbers for `{numbers}`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import resources
from typing import Any

import orjson

from permanence.clients.rules.account import RecipientKind
from permanence.clients.rules.script import Script, read_script
from permanence.countries.emergency import LANGUAGES, emergency_numbers

TEMPLATES = (
    "doctor",
    "dentist",
    "physiotherapist",
    "group_practice",
    "property_manager",
    "plumber",
    "after_sales",
    "law_office",
)
_INSTEAD = {
    "@practitioner": (RecipientKind.PRACTITIONER, RecipientKind.PRACTICE, RecipientKind.DESK),
    "@practice": (RecipientKind.PRACTICE, RecipientKind.DESK, RecipientKind.PRACTITIONER),
    "@desk": (RecipientKind.DESK, RecipientKind.PRACTICE, RecipientKind.PRACTITIONER),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """For whom a template is taken: the language callers are spoken to, the country, the recipients (id, kind)."""

    language: str
    country: str
    recipients: Sequence[tuple[str, str]]
    on: date


def template(code: str, beginning: Beginning) -> Script:
    """The script of that template for this client. Raises KeyError for an unknown one.

    A client without recipients keeps the placeholder, which the linter then names.
    """
    if code not in TEMPLATES:
        raise KeyError(code)
    language = beginning.language if beginning.language in LANGUAGES else "en"
    numbers = emergency_numbers(beginning.country, language, on=beginning.on)

    def text(value: str) -> str:
        return _recipient(value, beginning.recipients) if value in _INSTEAD else value.replace("{numbers}", numbers)

    script, faults = read_script({"language": language, **spoken(_stored(code), language, text)})
    if script is None:
        raise ValueError(f"template {code}: {faults}")
    return script


def title(code: str, language: str) -> str:
    """What the template is called."""
    titles: dict[str, str] = _stored(code)["title"]
    return titles[language if language in LANGUAGES else "en"]


def _stored(code: str) -> dict[str, Any]:
    text = resources.files(__package__).joinpath("templates", f"{code}.json").read_bytes()
    found: dict[str, Any] = orjson.loads(text)
    return found


def spoken(value: Any, language: str, text: Callable[[str], str]) -> Any:
    """A stored value in one language: what stands in all of them becomes that one; `text` finishes each text."""
    if isinstance(value, dict):
        if set(value) == set(LANGUAGES):
            return spoken(value[language], language, text)
        return {key: spoken(part, language, text) for key, part in value.items()}
    if isinstance(value, list):
        return [spoken(part, language, text) for part in value]
    return text(value) if isinstance(value, str) else value


def _recipient(place: str, recipients: Sequence[tuple[str, str]]) -> str:
    """The client's first recipient of the kind that fits best."""
    for kind in _INSTEAD[place]:
        for key, own in recipients:
            if own == kind:
                return key
    return place
