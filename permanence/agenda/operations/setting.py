# SPDX-License-Identifier: AGPL-3.0-or-later
"""How an agenda is set: opened, named, its rooms and equipment, its week and the days that differ.

Nothing here touches what is booked: an appointment stays where it is, whatever the openings become.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.db import IntegrityError, transaction

from permanence.agenda.events import AgendaChanged
from permanence.agenda.models import Agenda, FollowUp, OpeningException, OpeningPattern, Resource, VisitReason
from permanence.agenda.operations import marks
from permanence.agenda.operations.acts import changed, locked, reach, short
from permanence.agenda.operations.closing import NOTHING_SAID, Leaving, end_what_stands
from permanence.agenda.operations.returns import take_off_list
from permanence.agenda.queries.agendas import clients_seen, kept_day
from permanence.agenda.queries.views import AgendaView, ResourceView, agenda_view, resource_view
from permanence.agenda.refusals import (
    AgendaTakenToo,
    AgendaUnknown,
    NameTaken,
    OfferMinutesImpossible,
    OpeningUnknown,
    ResourceUnknown,
    SettingImpossible,
    SiteUnknown,
    VisitReasonUnknown,
)
from permanence.agenda.rules import kinds
from permanence.agenda.rules.waiting import OFFER_MINUTES
from permanence.clients import queries as clients
from permanence.clients.directory_queries import site_names
from permanence.foundation import audit
from permanence.foundation.keys import row_key
from permanence.foundation.who import Who

NAME_LIMIT = 80
MOST_OPENINGS = 200
"""Openings of one agenda's week, or of one of its days."""


def open_agenda(*, client: str, recipient: str, name: str, by: Who, at: datetime) -> AgendaView:
    """A new agenda of a recipient; nothing is open in it yet.

    Raises AgendaUnknown (a client whom `by` does not see), clients' RecipientUnknown, NameTaken, WordsTooLong,
    SettingImpossible without a name.
    """
    account = client_of(client, by=by)
    whose = clients.recipient(house=by.house, client=client, recipient=recipient)
    said = named(name)
    try:
        with transaction.atomic():
            row = Agenda.objects.create(
                house_id=by.house_key, client_id=int(account.id), recipient_id=int(whose.id), name=said
            )
            fresh = locked([row.pk])[row.pk]
            _changed(fresh, "agenda.opened", by=by, at=at, name=said)
    except IntegrityError as error:
        raise NameTaken(said) from error
    return agenda_view(Agenda.objects.select_related("client", "recipient").get(pk=row.pk))


def change_agenda(
    *,
    agenda: str,
    name: str,
    step: int,
    closed_on_holidays: bool,
    overbookings_per_day: int,
    active: bool,
    by: Who,
    at: datetime,
    leaving: Leaving = NOTHING_SAID,
    offer_minutes: int | None = None,
    mark: str | None = None,
) -> AgendaView:
    """What an agenda is called, on which minutes visits begin, how often a day it may be overbooked, and for how long a
    time that gets free is offered to one who waits (None: as before). `mark`: `marks.mark_of_setting` of what was seen.

    One in use that is `active` no more is closed: `leaving` says what becomes of those whom that meets. Raises
    AgendaUnknown, NameTaken, rules' AgendaImpossible, WordsTooLong, SettingImpossible, AgendaInUse, AgendaTakenToo
    (AgendaBookedToo), OfferMinutesImpossible, ChangedMeanwhile.
    """
    row, said = reach(agenda, by=by), named(name)
    kinds.Agenda(
        id="", client="", recipient="", zone="UTC", country="", step=step, overbookings_per_day=overbookings_per_day
    )
    fields = {
        "name": said,
        "step": step,
        "closed_on_holidays": closed_on_holidays,
        "overbookings_per_day": min(overbookings_per_day, 99),
        "active": active,
    }
    if offer_minutes is not None:
        fields["offer_minutes"] = checked_offer_minutes(offer_minutes)
    try:
        with transaction.atomic():
            kept = locked([row.pk])[row.pk]
            marks.compare(setting_mark(kept), mark, of=agenda)
            reasons = 0 if active else VisitReason.objects.filter(also=row, retired_at=None).count()
            if reasons:
                raise AgendaTakenToo(f"{reasons} reasons")
            met = end_what_stands(kept, leaving, by=by, at=at) if kept.active and not active else {}
            if active and not kept.active:
                take_off_list(
                    FollowUp.objects.filter(agenda=row, absence="", alone=False), {row.pk: kept}, by=by, at=at
                )
            Agenda.objects.filter(pk=row.pk).update(**fields)
            _changed(kept, "agenda.changed", by=by, at=at, **fields, **met)
    except IntegrityError as error:
        raise NameTaken(said) from error
    return agenda_view(Agenda.objects.select_related("client", "recipient").get(pk=row.pk))


def setting_mark(kept: Agenda) -> str:
    """What tells this setting of an agenda from another one."""
    return marks.mark_of_setting(
        name=kept.name,
        step=kept.step,
        closed_on_holidays=kept.closed_on_holidays,
        overbookings_per_day=kept.overbookings_per_day,
        offer_minutes=kept.offer_minutes,
        active=kept.active,
    )


def checked_offer_minutes(minutes: int) -> int:
    """For how long a time may be offered. Raises OfferMinutesImpossible."""
    if minutes not in OFFER_MINUTES:
        raise OfferMinutesImpossible(str(minutes))
    return minutes


def add_resource(*, client: str, name: str, kind: str, by: Who, at: datetime, site: str = "") -> ResourceView:
    """A room or a piece of equipment. Raises AgendaUnknown, SiteUnknown, NameTaken, WordsTooLong, SettingImpossible."""
    account, said, sort = client_of(client, by=by), named(name), named(kind)
    check_sites([site] if site else [], client=int(account.id), by=by)
    try:
        with transaction.atomic():
            row = Resource.objects.create(
                house_id=by.house_key,
                client_id=int(account.id),
                name=said,
                kind=sort[:40],
                site_id=int(site) if site else None,
            )
            subject = f"agenda.resource:{row.pk}"
            audit.note(by=by, at=at, action="agenda.resource_added", subject=subject, client=account.id)
            every_agenda(int(account.id), "agenda.changed", by=by, at=at, resource=row.pk)
    except IntegrityError as error:
        raise NameTaken(said) from error
    return resource_view(row)


def set_openings(*, agenda: str, openings: Sequence[kinds.Opening], by: Who, at: datetime) -> None:
    """The week of an agenda is this one from now on; ids in `openings` are not looked at.

    Raises AgendaUnknown, VisitReasonUnknown, ResourceUnknown, SiteUnknown, SettingImpossible when there are too many.
    """
    row = reach(agenda, by=by)
    _check_openings(openings, row, by=by)
    with transaction.atomic():
        kept = locked([row.pk])[row.pk]
        OpeningPattern.objects.filter(agenda=kept, exception=None).delete()
        OpeningPattern.objects.bulk_create(_pattern(kept, each) for each in openings)
        _changed(kept, "agenda.openings_set", by=by, at=at, openings=len(openings))


def replace_opening(*, agenda: str, instead_of: str, openings: Sequence[kinds.Opening], by: Who, at: datetime) -> None:
    """These openings of the week in the place of the one with the id `instead_of` ("": they are new). The first of them
    keeps that id and all others keep theirs, so that a page on which another one is being changed stays a page.

    Raises OpeningUnknown, and as `set_openings`.
    """
    row = reach(agenda, by=by)
    _check_openings(openings, row, by=by)
    with transaction.atomic():
        kept = locked([row.pk])[row.pk]
        week = OpeningPattern.objects.filter(agenda=kept, exception=None)
        if instead_of and not week.filter(pk=row_key(instead_of)).exists():
            raise OpeningUnknown(instead_of[:40])
        fresh = [_pattern(kept, each) for each in openings]
        if instead_of and fresh:
            first, *fresh = fresh
            first.pk = row_key(instead_of)
            first.save(force_update=True)
        elif instead_of:
            week.filter(pk=row_key(instead_of)).delete()
        OpeningPattern.objects.bulk_create(fresh)
        count = week.count()
        if count > MOST_OPENINGS:
            raise SettingImpossible(f"{count} openings, {MOST_OPENINGS} at most")
        _changed(kept, "agenda.openings_set", by=by, at=at, openings=count)


def set_exception(
    *,
    agenda: str,
    day: date,
    kind: kinds.ExceptionKind,
    by: Who,
    at: datetime,
    openings: Sequence[kinds.Opening] = (),
    label: str = "",
    mark: str | None = None,
) -> None:
    """What is otherwise on that day, instead of what was said of it before. `mark`: `marks.mark_of_day` of what was
    seen of it.

    Raises AgendaUnknown, rules' OpeningImpossible, ChangedMeanwhile, and as `set_openings`.
    """
    row, said = reach(agenda, by=by), short(label, NAME_LIMIT)
    kinds.OpeningException(id="", agenda=agenda, date=day, kind=kind, label=said, openings=tuple(openings))
    _check_openings(openings, row, by=by)
    with transaction.atomic():
        kept = locked([row.pk])[row.pk]
        if mark is not None:
            marks.compare(marks.mark_of_day(kept_day(by=by, agenda=agenda, day=day)), mark, of=agenda)
        OpeningException.objects.filter(agenda=kept, date=day).delete()
        made = OpeningException.objects.create(
            house_id=kept.house_id, client_id=kept.client_id, agenda=kept, date=day, kind=kind.value, label=said
        )
        OpeningPattern.objects.bulk_create(_pattern(kept, each, exception=made) for each in openings)
        _changed(kept, "agenda.exception_set", by=by, at=at, day=day.isoformat(), kind=kind.value)


def clear_exception(*, agenda: str, day: date, by: Who, at: datetime, mark: str | None = None) -> None:
    """That day is as the week says again; nothing when it was. Raises AgendaUnknown, ChangedMeanwhile."""
    row = reach(agenda, by=by)
    with transaction.atomic():
        kept = locked([row.pk])[row.pk]
        if mark is not None:
            marks.compare(marks.mark_of_day(kept_day(by=by, agenda=agenda, day=day)), mark, of=agenda)
        if OpeningException.objects.filter(agenda=kept, date=day).delete()[0]:
            _changed(kept, "agenda.exception_cleared", by=by, at=at, day=day.isoformat())


def check_openings(*, agenda: str, openings: Sequence[kinds.Opening], by: Who) -> None:
    """Whether these could be set; nothing is. Raises as `set_openings`."""
    _check_openings(openings, reach(agenda, by=by), by=by)


def every_agenda(client: int, action: str, *, by: Who, at: datetime, **detail: object) -> None:
    """Something that all agendas of a client share has changed. Inside a transaction."""
    for kept in locked(Agenda.objects.filter(client=client).values_list("pk", flat=True)).values():
        _changed(kept, action, by=by, at=at, **detail)


def _changed(row: Agenda, action: str, *, by: Who, at: datetime, **detail: object) -> None:
    event = AgendaChanged(house=by.house, at=at, client=str(row.client_id), agenda=str(row.pk))
    changed(row, action=action, subject=f"agenda.agenda:{row.pk}", by=by, at=at, event=event, **detail)


def client_of(client: str, *, by: Who) -> clients.ClientView:
    """The client, for whom agendas may be set by `by`. Raises AgendaUnknown."""
    try:
        view = clients.client(house=by.house, client=client)
    except clients.ClientUnknown as error:
        raise AgendaUnknown(client[:40]) from error
    if not clients_seen(by, [int(view.id)]):
        raise AgendaUnknown(client[:40])
    return view


def named(text: str) -> str:
    """The name without needless blanks. Raises SettingImpossible, WordsTooLong."""
    said = short(text, NAME_LIMIT)
    if not said:
        raise SettingImpossible("a name is missing")
    return said


def _pattern(row: Agenda, opening: kinds.Opening, *, exception: OpeningException | None = None) -> OpeningPattern:
    return OpeningPattern(
        house_id=row.house_id,
        client_id=row.client_id,
        agenda=row,
        exception=exception,
        weekday=opening.weekday,
        opens=opening.opens,
        until=opening.until,
        every_weeks=opening.every_weeks,
        anchor=opening.anchor,
        valid_from=opening.valid_from,
        valid_until=opening.valid_until,
        reasons=list(opening.reasons),
        site_id=int(opening.site) if opening.site else None,
        resources=list(opening.resources),
        kind=opening.kind.value,
        released_at=opening.released_at,
        released_days=opening.released_days,
        travel=opening.travel,
        capacity=opening.capacity,
        new_patients=opening.new_patients,
        online=opening.online,
        on_holidays=opening.on_holidays,
    )


def _check_openings(openings: Sequence[kinds.Opening], row: Agenda, *, by: Who) -> None:
    if len(openings) > MOST_OPENINGS:
        raise SettingImpossible(f"{len(openings)} openings, {MOST_OPENINGS} at most")
    check_reasons({each for opening in openings for each in opening.reasons}, client=row.client_id)
    check_resources({each for opening in openings for each in opening.resources}, client=row.client_id)
    check_sites({opening.site for opening in openings if opening.site}, client=row.client_id, by=by)


def check_reasons(ids: Iterable[str], *, client: int) -> None:
    """Whether these are all of this client and offered. Raises VisitReasonUnknown."""
    wanted = {row_key(each): each for each in ids}
    known = VisitReason.objects.filter(client=client, pk__in=list(wanted), retired_at=None)
    missing = set(wanted) - set(known.values_list("pk", flat=True))
    if missing:
        raise VisitReasonUnknown(wanted[min(missing)][:40])


def check_resources(ids: Iterable[str], *, client: int) -> None:
    """Whether these are all of this client and in use. Raises ResourceUnknown."""
    wanted = {row_key(each): each for each in ids}
    known = Resource.objects.filter(client=client, pk__in=list(wanted), active=True)
    missing = set(wanted) - set(known.values_list("pk", flat=True))
    if missing:
        raise ResourceUnknown(wanted[min(missing)][:40])


def check_sites(sites: Iterable[str], *, client: int, by: Who) -> None:
    """Whether these are all of this client. Raises SiteUnknown."""
    known = site_names(house=by.house, client=client)
    missing = next((each for each in sites if each not in known), None)
    if missing is not None:
        raise SiteUnknown(missing[:40])
