# SPDX-License-Identifier: AGPL-3.0-or-later
"""A new client with another one of the house as template.

Copied: kind, sector, country, languages, hours, exceptions to come, greetings, reasons, instructions in force, waiting
times and, when asked, sites. Never: numbers, persons, recipients, directory, consent, contract, no text that names
somebody of the template, and nothing that is for one of his lines, recipients or callers alone. The new client is a
prospect: nobody hears anything before the owner has looked.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from permanence.clients import rules
from permanence.clients.acts import account, changed
from permanence.clients.models import (
    Client,
    Contact,
    Greeting,
    HoursException,
    Instruction,
    PortalUser,
    Reason,
    Recipient,
    Site,
    WeeklyOpening,
)
from permanence.clients.operations import NameTaken
from permanence.clients.proving import prove_new
from permanence.clients.queries import client_file
from permanence.clients.rules.compared import Compared
from permanence.clients.template_rules import LeftOut, names_nobody_else, renamed, somebody_in
from permanence.foundation.who import Who
from permanence.reception.table import InstructionEntry

COPIED = (
    "kind",
    "sector",
    "country",
    "region",
    "time_zone",
    "languages",
    "open_always",
    "closed_on_holidays",
    "ring_before_music_s",
    "max_wait_s",
    "read_first_s",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """The new client's id, and what was not copied: it names somebody or a number of the template, or is for one.

    `found`: what the proof says of the new client.
    """

    client: str
    left_out: tuple[LeftOut, ...]
    found: Compared


class _OnlyTried(Exception):
    """Takes back a copy that was only tried."""

    def __init__(self, copied: Copied) -> None:
        super().__init__()
        self.copied = copied


@transaction.atomic
def open_from_template(
    *, template: str, name: str, initials: str, place: str = "", with_sites: bool = False, by: Who, at: datetime
) -> Copied:
    """Open a client like `template`, in one transaction. Raises ClientUnknown, NameTaken, proving.SaidContradicts."""
    source = account(template, by=by)
    name = name.strip()
    others = Client.objects.for_house(by.house_key)
    if others.filter(name=name).exists():
        raise NameTaken(name)
    row = Client.objects.create(
        house_id=by.house_key,
        name=name,
        initials=initials.upper(),
        place=place,
        colour=rules.next_colour(others.values_list("colour", flat=True)),
        state=rules.ClientState.PROSPECT.value,
        **{field: getattr(source, field) for field in COPIED},
    )
    names = _names(source)
    _week(source, row, names, at)
    left_out = [*_greetings(source, row, names), *_reasons(source, row, names)]
    left_out += _instructions(source, row, names, by=by, at=at)
    if with_sites:
        left_out += _sites(source, row, names)
    found = prove_new(client=str(row.pk), by=by, at=at)
    changed(client=str(row.pk), action="client.copied", by=by, at=at, detail={"name": name, "template": str(source.pk)})
    return Copied(client=str(row.pk), left_out=tuple(left_out), found=found)


def try_template(
    *, template: str, name: str, initials: str, place: str = "", with_sites: bool = False, by: Who, at: datetime
) -> Copied:
    """What `open_from_template` would do; nothing is saved. Raises what it raises."""
    try:
        with transaction.atomic():
            raise _OnlyTried(
                open_from_template(
                    template=template, name=name, initials=initials, place=place, with_sites=with_sites, by=by, at=at
                )
            )
    except _OnlyTried as tried:
        return tried.copied


def _week(source: Client, row: Client, names: list[str], at: datetime) -> None:
    """The hours of the week and the exceptions to come; a label that names somebody stays behind."""
    week = WeeklyOpening.objects.for_client(source).order_by("pk")
    WeeklyOpening.objects.bulk_create(
        WeeklyOpening(house_id=row.house_id, client=row, weekday=each.weekday, opens=each.opens, until=each.until)
        for each in week
    )
    coming = HoursException.objects.for_client(source).filter(date__gte=at.date()).order_by("pk")
    HoursException.objects.bulk_create(
        HoursException(
            house_id=row.house_id,
            client=row,
            date=each.date,
            opens=each.opens,
            until=each.until,
            label="" if names_nobody_else(each.label, names) else each.label,
        )
        for each in coming
    )


def _reasons(source: Client, row: Client, names: list[str]) -> list[LeftOut]:
    kept, left = [], []
    for each in Reason.objects.for_client(source).order_by("position", "pk"):
        if named := names_nobody_else(each.label, names):
            left.append(LeftOut(kind="reason", text=each.label, names=named))
        else:
            kept.append(
                Reason(house_id=row.house_id, client=row, code=each.code, label=each.label, position=each.position)
            )
    Reason.objects.bulk_create(kept)
    return left


def _sites(source: Client, row: Client, names: list[str]) -> list[LeftOut]:
    """The sites; what names somebody stays behind, field by field. An address may hold a long number."""
    kept, left = [], []
    for each in Site.objects.for_client(source).order_by("position", "pk"):
        said = {field: getattr(each, field) for field in ("address", "access", "parking", "floor", "hours")}
        for field, text in said.items():
            named = somebody_in(text, names) if field == "address" else names_nobody_else(text, names)
            if named:
                left.append(LeftOut(kind="site", text=text, names=named))
                said[field] = ""
        place = {"name": each.name, "lift": each.lift, "position": each.position}
        kept.append(Site(house_id=row.house_id, client=row, **place, **said))
    Site.objects.bulk_create(kept)
    return left


def _names(source: Client) -> list[str]:
    """Everybody of the template whom a text could name; a desk or "the practice" is nobody."""
    people = Recipient.objects.for_client(source).filter(kind=rules.RecipientKind.PRACTITIONER)
    return [
        source.name,
        *people.values_list("name", flat=True),
        *Contact.objects.for_client(source).values_list("name", flat=True),
        *PortalUser.objects.for_client(source).values_list("person__name", flat=True),
    ]


def _greetings(source: Client, row: Client, names: list[str]) -> list[LeftOut]:
    kept, left = [], []
    for each in Greeting.objects.for_client(source).filter(line=None).order_by("pk"):  # his lines stay his own
        text = renamed(each.text, old=source.name, new=row.name)
        named = names_nobody_else(text.replace(row.name, " "), names)
        longest = Greeting._meta.get_field("text").max_length
        if named or (longest and len(text) > longest):
            left.append(LeftOut(kind="greeting", text=each.text, names=named))
        else:
            when = {name: getattr(each, name) for name in ("day_type", "weekdays", "opens", "until")}
            kept.append(Greeting(house_id=row.house_id, client=row, language=each.language, text=text, **when))
    Greeting.objects.bulk_create(kept)
    return left


def _instructions(source: Client, row: Client, names: list[str], *, by: Who, at: datetime) -> list[LeftOut]:
    """Those in force or to come, as first versions in the name of who copies. Called after `_reasons`.

    One for some calls only stays behind where these are not to be told at the new client: it never holds for more.
    """
    kept, left = [], []
    reasons = set(Reason.objects.for_client(row).values_list("code", flat=True))
    for each in client_file(house=by.house, client=str(source.pk), at=at).instructions:
        named, narrowed = names_nobody_else(each.text, names), _narrowed_to(each, reasons)
        if named or narrowed:
            only = not named
            left.append(LeftOut(kind="instruction", text=each.text, names=named or narrowed, narrowed=only))
            continue
        kept.append(
            Instruction(
                house_id=row.house_id,
                client=row,
                text=each.text,
                author_id=int(by.person),
                written_at=at,
                starts_at=each.starts,
                ends_at=each.ends,
                priority=each.priority,
                reason=each.reason,
                acknowledge=each.acknowledge,
            )
        )
    Instruction.objects.bulk_create(kept)
    return left


def _narrowed_to(one: InstructionEntry, reasons: set[str]) -> str:
    """The recipient, line, caller or reason that it is for and that the new client does not have; "" when none."""
    if one.recipient:
        return one.recipient_name or one.recipient
    if one.reason and one.reason not in reasons:
        return one.reason_label or one.reason
    return one.line or one.caller
