# SPDX-License-Identifier: AGPL-3.0-or-later
"""What would lead nowhere were a reason taken from the form, or a recipient made inactive."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from permanence.clients import queries, script_queries
from permanence.clients.rules.script_run import fold
from permanence.reception import markup


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependant:
    """One place that needs it. `kind`: instruction, question, route, alert, absence; `words`: what stands there."""

    kind: str
    words: str


def dependants_of_reason(*, house: str, client: str, code: str, label: str, at: datetime) -> tuple[Dependant, ...]:
    """The instructions that hold now or will, only for this reason, and the questions of the script in force or in
    draft whose answer chooses it, by its code or its words (`console/scriptreason.js`). Four queries."""
    return tuple(dict.fromkeys(_of_reason(house, client, code, fold(label), at)))


def dependants_of_recipient(*, house: str, client: str, recipient: str, at: datetime) -> tuple[Dependant, ...]:
    """The routes and alerts of the script in force or in draft that name him, and the absences, now or to come, that
    send him what is urgent. Four queries."""
    return tuple(dict.fromkeys(_of_recipient(house, client, recipient, at)))


def _of_reason(house: str, client: str, code: str, label: str, at: datetime) -> Iterator[Dependant]:
    for entry in queries.client_file(house=house, client=client, at=at).instructions:
        if entry.reason == code:
            yield Dependant(kind="instruction", words=markup.words(entry.text))
    for script in script_queries.scripts_of(house=house, client=client):
        for question in script.questions:
            if any(each.code == code or fold(each.label) == label for each in question.choices):
                yield Dependant(kind="question", words=question.label)


def _of_recipient(house: str, client: str, recipient: str, at: datetime) -> Iterator[Dependant]:
    for script in script_queries.scripts_of(house=house, client=client):
        yield from (Dependant(kind="route", words=each.label) for each in script.routes if each.recipient == recipient)
        alerts = (each for each in script.red_flags if each.alert and each.alert.recipient == recipient)
        yield from (Dependant(kind="alert", words=each.label) for each in alerts)
    away = queries.absences(house=house, client=client, at=at)
    yield from (Dependant(kind="absence", words=each.words) for each in away if each.urgent_to == recipient)
