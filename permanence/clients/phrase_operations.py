# SPDX-License-Identifier: AGPL-3.0-or-later
"""Acts on one phrase by its id: written, changed in its place, removed. Each is one transaction, noted and announced.

The row stays the same when its days or hours change: a recorded announcement heard with it is heard on.
"""

from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from permanence.clients.acts import account, changed
from permanence.clients.announcements import digits, greetings_by_id
from permanence.clients.directory_rules import mark_of
from permanence.clients.greetings import GreetingImpossible, GreetingTie, GreetingUnknown, write_greeting
from permanence.clients.models import Client, Greeting, Line
from permanence.clients.queries import LineUnknown
from permanence.clients.rules.spoken import GreetingWhen, greeting_entry, tie_with, when_of
from permanence.foundation.keys import row_key
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal
from permanence.reception.table import GreetingEntry


class PhraseChanged(Refusal):
    """Somebody else has changed the phrase since the change began."""

    code = "phrase_changed"


class PhraseTaken(Refusal):
    """Another phrase of that language stands there for the same line, days and hours."""

    code = "phrase_taken"


def phrase_mark(entry: GreetingEntry | None) -> str:
    """A mark of what a form began from: it differs as soon as the phrase, or where and when it holds, is another."""
    facts = None if entry is None else {"text": entry.text, "language": entry.language, **asdict(when_of(entry))}
    return mark_of(facts)


@transaction.atomic
def add_phrase(*, client: str, language: str, text: str, when: GreetingWhen, by: Who, at: datetime) -> None:
    """One more phrase. Raises ClientUnknown, PhraseTaken, LineUnknown, GreetingImpossible, GreetingTie."""
    row = account(client, by=by)
    _demand_free(greetings_by_id(house=by.house, client=client), language, when)
    write_greeting(row, house=by.house, language=language, text=text, when=when)
    changed(client=client, action="client.greeting_set", by=by, at=at, detail={"language": language})


@transaction.atomic
def change_phrase(
    *, client: str, phrase: str, text: str, when: GreetingWhen, began_from: str, by: Who, at: datetime
) -> None:
    """The phrase of that id is now so; its language stays.

    Raises ClientUnknown, GreetingUnknown, PhraseChanged, PhraseTaken, LineUnknown, GreetingImpossible, GreetingTie.
    """
    row = account(client, by=by)
    others = greetings_by_id(house=by.house, client=client)
    held = _held(others, phrase, began_from)
    del others[phrase]
    _demand_free(others, held.language, when)
    try:
        new = greeting_entry(held.language, text, when)
    except ValueError as error:
        raise GreetingImpossible(str(error)) from error
    rival = tie_with(new, others.values())
    if rival is not None:
        raise GreetingTie(rival.text)
    Greeting.objects.filter(pk=row_key(phrase)).update(
        text=text,
        line=_line(row, when.line),
        day_type=new.day_type,
        weekdays=digits(new.weekdays),
        opens=new.opens,
        until=new.until,
    )
    changed(client=client, action="client.greeting_set", by=by, at=at, detail={"language": held.language})


@transaction.atomic
def remove_phrase(*, client: str, phrase: str, began_from: str, by: Who, at: datetime) -> None:
    """It is said no longer. Raises ClientUnknown, GreetingUnknown, PhraseChanged."""
    account(client, by=by)
    held = _held(greetings_by_id(house=by.house, client=client), phrase, began_from)
    Greeting.objects.filter(pk=row_key(phrase)).delete()
    changed(client=client, action="client.greeting_removed", by=by, at=at, detail={"language": held.language})


def _held(found: dict[str, GreetingEntry], phrase: str, began_from: str) -> GreetingEntry:
    held = found.get(phrase)
    if held is None:
        raise GreetingUnknown(phrase[:20])
    if began_from != phrase_mark(held):
        raise PhraseChanged(held.text)
    return held


def _demand_free(others: dict[str, GreetingEntry], language: str, when: GreetingWhen) -> None:
    for each in others.values():
        if each.language == language and when_of(each) == when:
            raise PhraseTaken(each.text)


def _line(client: Client, number: str) -> Line | None:
    if not number:
        return None
    found = Line.objects.for_client(client).filter(number=number).first()
    if found is None:
        raise LineUnknown(number)
    return found
