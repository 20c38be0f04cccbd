# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which phrase the secretary says, and in which language the house speaks to a caller."""

from collections.abc import Iterable, Sequence

from permanence.countries.emergency import LANGUAGES
from permanence.reception.table import ClientSlice, GreetingEntry, SecretaryEntry

NAME = "{name}"


def greetings_for(client: ClientSlice, secretary: SecretaryEntry) -> tuple[GreetingEntry, ...]:
    """The client's phrases with her first name in place of `{name}`: those in a language she speaks first.

    Among these the client's order of languages decides, then the order in which they were written. Every phrase is
    shown, even in a language she does not speak: the client's own words are never hidden from her.
    """
    first_name = secretary.name.split(" ", 1)[0]
    chosen: Sequence[GreetingEntry] = client.greetings
    if len(chosen) > 1:
        order = {language: place for place, language in enumerate(client.languages)}
        chosen = sorted(
            chosen,
            key=lambda entry: (entry.language not in secretary.languages, order.get(entry.language, len(order))),
        )
    return tuple(
        [GreetingEntry(language=entry.language, text=entry.text.replace(NAME, first_name)) for entry in chosen]
    )


def spoken_language(hints: Iterable[str], offered: Iterable[str], house: str) -> str:
    """The language of the house's own prompts for a caller.

    `hints`: what is known of the caller, the best first. `offered`: the client's languages, in his order. The first
    hint the client offers wins, then the client's first language that has prompts, then the house's, then English.
    """
    known = [language for language in offered if language in LANGUAGES]
    for hint in hints:
        if hint in known:
            return hint
    if known:
        return known[0]
    return house if house in LANGUAGES else "en"
