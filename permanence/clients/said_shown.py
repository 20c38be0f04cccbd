# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is said at one moment, as a page shows it to the house and to the client: treatment, phrases, instructions."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from permanence.clients.rules.coverage import Said
from permanence.clients.said_words import TREATMENTS, in_language, language_name, moment_words, reason_words, when_words
from permanence.reception.absence import ANSWER
from permanence.reception.greeting import NAME
from permanence.reception.prompts import built_in_prompts, content_of
from permanence.reception.table import ClientSlice, InstructionEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """A phrase as it will be said, and the rule that says so. `announced`: what callers hear before the music."""

    language: str
    language_name: str
    in_language: str
    text: str
    when: str
    announced: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """Who is away then, "" for the whole client; what to say, and to whom what is urgent goes."""

    name: str
    words: str
    urgent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """All of it in words. `heard`: the closing words a caller hears where nobody answers, in `heard_language`."""

    moment: str
    line: str
    answered: bool
    treatment: str
    why: tuple[str, ...]
    phrases: tuple[Phrase, ...]
    heard: tuple[str, ...]
    heard_language: str
    instructions: tuple[InstructionEntry, ...]
    absences: tuple[Away, ...]


def said_shown(found: Said, client: ClientSlice, *, name: str, recorded: Mapping[str, str]) -> Shown:
    """What was found, as somebody of that `name` would say it. `recorded`: the words of the client's announcements."""
    first_name = name.split(maxsplit=1)[0] if name.strip() else name
    words = built_in_prompts()
    names = {each.id: each.name for each in client.recipients}
    phrases = (
        Phrase(
            language=language,
            language_name=language_name(language),
            in_language=in_language(language),
            text="" if entry is None else entry.text.replace(NAME, first_name),
            when="" if entry is None else when_words(entry),
            announced="" if entry is None else recorded.get(entry.announcement, ""),
        )
        for language, entry in found.greetings
    )
    absences = (
        Away(name=names.get(each.recipient, ""), words=each.words, urgent=names.get(each.urgent_to, ""))
        for each in found.absences
    )
    return Shown(
        moment=moment_words(found.at, client),
        line=found.line,
        answered=found.treatment.kind == ANSWER,
        treatment=str(TREATMENTS[found.treatment.kind]),
        why=tuple(reason_words(each) for each in found.treatment.why),
        phrases=tuple(phrases),
        heard=tuple(
            words.get(prompt) or recorded.get(content_of(prompt), _("a recorded announcement"))
            for prompt in found.prompts
        ),
        heard_language=next(iter(found.prompts), "en/")[:2],
        instructions=found.instructions,
        absences=tuple(absences),
    )
