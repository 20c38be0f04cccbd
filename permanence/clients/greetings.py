# SPDX-License-Identifier: AGPL-3.0-or-later
"""The rows of the greetings: what stands beside what. Called by `clients.operations`, in its transaction."""

from django.db.models import QuerySet

from permanence.clients.announcements import digits, greeting_entries
from permanence.clients.models import Client, Greeting, Line
from permanence.clients.queries import LineUnknown
from permanence.clients.rules.spoken import GreetingWhen, greeting_entry, tie_with
from permanence.kernel.refusals import Refusal


class GreetingImpossible(Refusal):
    """No moment can be meant by these days and hours."""

    code = "greeting_impossible"


class GreetingTie(Refusal):
    """Another phrase of that language holds at the same moments, and neither rule is the more specific."""

    code = "greeting_tie"


class GreetingUnknown(Refusal):
    """No such phrase at this client."""

    code = "greeting_unknown"


def write_greeting(client: Client, *, house: str, language: str, text: str, when: GreetingWhen) -> None:
    """The phrase in that language, in place of the one of the same `when`. `house` is the client's, by its slug.

    Raises LineUnknown, GreetingImpossible, GreetingTie.
    """
    try:
        new = greeting_entry(language, text, when)
    except ValueError as error:
        raise GreetingImpossible(str(error)) from error
    line = Line.objects.for_client(client).filter(number=when.line).first() if when.line else None
    if when.line and line is None:
        raise LineUnknown(when.line)
    rival = tie_with(new, greeting_entries(house, client.pk))
    if rival is not None:
        raise GreetingTie(rival.text)
    if not _same(client, language, when).update(text=text):
        Greeting.objects.create(
            house_id=client.house_id,
            client=client,
            language=language,
            text=text,
            line=line,
            day_type=new.day_type,
            weekdays=digits(new.weekdays),
            opens=new.opens,
            until=new.until,
        )


def usual(rows: QuerySet[Greeting]) -> QuerySet[Greeting]:
    """Of these, the phrases that hold on every line at every moment where no other does: one a client and language."""
    return rows.filter(line=None, day_type="", weekdays="", opens="", until="")


def delete_greeting(client: Client, *, language: str, when: GreetingWhen) -> None:
    """The phrase of that language and `when` goes. Raises GreetingUnknown."""
    gone, _rows = _same(client, language, when).delete()
    if not gone:
        raise GreetingUnknown(language)


def _same(client: Client, language: str, when: GreetingWhen) -> QuerySet[Greeting]:
    rows = Greeting.objects.for_client(client).filter(language=language, day_type=when.day_type)
    rows = rows.filter(weekdays=digits(set(when.weekdays)), opens=when.opens, until=when.until)
    return rows.filter(line__number=when.line) if when.line else rows.filter(line=None)
