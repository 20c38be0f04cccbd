# SPDX-License-Identifier: AGPL-3.0-or-later
"""The start page of the back office: what a house still lacks before its first answered call, in order."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from permanence.calls.models import Call
from permanence.clients.models import Client, Greeting, Line, PortalUser, Recipient, WeeklyOpening
from permanence.clients.rules import ClientState
from permanence.countries.numbers import spell_international
from permanence.foundation.who import Who
from permanence.kernel.phone import PhoneNumber
from permanence.reception.table import ANSWERED
from permanence.staff.models import Secretary
from permanence.switchboard.models import Trunk

PLACES = {
    "line": "?part=lines#line-group",
    "hours": "#id_day_0",
    "greeting": "?part=greetings#greeting-group",
    "recipient": "?part=messages#recipient-group",
}
"""Where on the client's page each of these is filled in."""
NAMED = 3
"""How many clients a sentence names before it says "and others"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing the house needs. `needed`: no call is answered without it. `url` may be empty: it is done elsewhere."""

    code: str
    title: str
    sentence: str
    done: bool
    needed: bool = True
    url: str = ""
    command: str = ""


def steps(who: Who) -> tuple[Step, ...]:
    """Everything between an empty house and its first answered call, in the order in which it is done. 11 queries."""
    return tuple(_steps(who))


def _steps(who: Who) -> Iterator[Step]:
    clients = Client.objects.for_house(who.house_key).filter(state__in=ANSWERED)
    first = clients.order_by("pk").first()
    change = reverse("admin:clients_client_change", args=(first.pk,)) if first else ""
    begun = None if first else Client.objects.for_house(who.house_key).filter(state=ClientState.PROSPECT).first()
    here = change or (reverse("onboarding:page", args=(begun.pk,)) if begun else reverse("accounts:new"))
    yield Step(
        code="client",
        title=_("A first client"),
        sentence=_("The doctor, practice or company whose calls you answer. One page holds everything about it."),
        done=first is not None,
        url=here,
    )
    number = Need("line", _("Its number"), _("The number of the house its calls arrive on."))
    yield _judged(number, clients, Line.objects.for_house(who.house_key), here)
    yield _hours(clients, WeeklyOpening.objects.for_house(who.house_key), here)
    phrase = Need("greeting", _("The phrase to say"), _("How the secretary answers."))
    yield _judged(phrase, clients, Greeting.objects.for_house(who.house_key), here)
    told = _("For whom the messages are, with the e-mail address that says a message waits.")
    reachable = Recipient.objects.for_house(who.house_key).filter(active=True).exclude(email="")
    yield _judged(Need("recipient", _("Who gets the messages"), told), clients, reachable, here)
    yield from _people(who)
    yield _trunk(who)
    yield _mail()
    yield _outside()
    yield _first_call(who)


class Need(NamedTuple):
    """What every active client must have: its code, title and sentence on the page."""

    code: str
    title: str
    sentence: str


def _judged(need: Need, clients: QuerySet[Client], rows: QuerySet[Any], url: str) -> Step:
    """Whether each of `clients` has one of `rows`; the link leads to the first that has none."""
    lacking = list(clients.filter(~Exists(rows.filter(client=OuterRef("pk")))).order_by("name")[: NAMED + 1])
    sentence, address = need.sentence, url
    if lacking:
        names = ", ".join(each.name for each in lacking[:NAMED]) + ("…" if len(lacking) > NAMED else "")
        sentence = f"{sentence} {_('Missing for: %(names)s') % {'names': names}}"
        address = reverse("admin:clients_client_change", args=(lacking[0].pk,))
    done = not lacking and clients.exists()
    return Step(code=need.code, title=need.title, sentence=sentence, done=done, url=f"{address}{PLACES[need.code]}")


def _hours(clients: QuerySet[Client], rows: QuerySet[WeeklyOpening], url: str) -> Step:
    need = Need("hours", _("Its opening hours"), _("Outside them callers hear the closing words."))
    timed = clients.filter(open_always=False)
    if clients.exists() and not timed.exists():
        return Step(code=need.code, title=need.title, sentence=need.sentence, done=True, url=url)
    return _judged(need, timed, rows, url)


def _people(who: Who) -> Iterator[Step]:
    secretaries = Secretary.objects.for_house(who.house_key).filter(active=True, person__is_active=True)
    able = any(each.person.has_usable_password() for each in secretaries.select_related("person"))
    add, persons = reverse("admin:foundation_person_add"), reverse("admin:foundation_person_changelist")
    yield Step(
        code="secretary",
        title=_("Somebody who answers"),
        sentence=_("A person with a password, “answers calls” ticked, and the languages she speaks. It may be you."),
        done=able,
        url=f"{add}?answers_calls=1" if not secretaries else persons,
    )
    reads = PortalUser.objects.for_house(who.house_key).filter(active=True, person__is_active=True).exists()
    yield Step(
        code="portal",
        title=_("The client's access to the portal"),
        sentence=_("The person who reads and acknowledges the messages; without it the e-mail leads to a closed door."),
        done=reads,
        needed=False,
        url=persons if reads else f"{add}?portal=1",
    )


def _trunk(who: Who) -> Step:
    known = Trunk.objects.for_house(who.house_key).exists()
    return Step(
        code="trunk",
        title=_("The telephone carrier"),
        sentence=_(
            "The addresses your carrier calls from; calls from anywhere else are refused. "
            "To try the house on this machine alone: the address 127.0.0.1."
        ),
        done=known,
        url=reverse("admin:switchboard_trunk_changelist" if known else "admin:switchboard_trunk_add"),
    )


def _mail() -> Step:
    configured = settings.PERMANENCE
    done = configured.mail_is_set
    relay = {"host": f"{configured.mail_host}:{configured.mail_port}", "sender": configured.mail_from}
    return Step(
        code="mail",
        title=_("The mail server"),
        sentence=_("Mail leaves through %(host)s as %(sender)s.") % relay
        if done
        else _(
            "No mail server yet: messages stand in the portal, and no mail is tried. Write host, port, user and from "
            "under [mail] in the settings file, then start the house again; what waits then leaves:"
        ),
        done=done,
        needed=False,
        command="" if done else str(configured.data / "permanence.toml"),
    )


def _outside() -> Step:
    configured = settings.PERMANENCE
    return Step(
        code="outside",
        title=_("Browsers elsewhere"),
        sentence=_("The site is open at %(address)s.") % {"address": configured.web_url}
        if configured.public_host
        else _(
            "Today only a browser on this machine has its microphone. For the others write the house's name as host "
            "under [public] in the settings file, with Caddy installed, and start the house again:"
        ),
        done=bool(configured.public_host),
        needed=False,
        command="" if configured.public_host else str(configured.data / "permanence.toml"),
    )


def _first_call(who: Who) -> Step:
    answered = Call.objects.for_house(who.house_key).filter(secretary__isnull=False, answered_at__isnull=False).exists()
    number = Line.objects.for_house(who.house_key).order_by("pk").values_list("number", flat=True).first()
    return Step(
        code="call",
        title=_("The first call"),
        sentence=_(
            "A secretary signs in and presses “Begin my service” (F2); then call %(number)s, or on this machine type:"
        )
        % {"number": spell_international(PhoneNumber(number)) if number else _("the client's number")},
        done=answered,
        command=phone_command(number or "NUMBER"),
    )


def phone_command(number: str, *, forwarded_from: str = "") -> str:
    """The command that plays a caller of `number` on this machine; `forwarded_from`: of that number, which leads there.

    Both in E.164.
    """
    dialled = ["./run", "phone", number, *(("--forwarded-from", forwarded_from) if forwarded_from else ())]
    return shlex.join([*dialled, "--data", str(settings.PERMANENCE.data)])
