# SPDX-License-Identifier: AGPL-3.0-or-later
"""Secret addresses of agendas: made, listed, revoked, read. The secret is shown once; the house keeps its SHA-256."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from permanence.agenda.interop import ics
from permanence.agenda.interop.chosen import choose, choose_anew
from permanence.agenda.interop.entries import entries, window
from permanence.agenda.interop.for_others import acting_for
from permanence.agenda.interop.owners import is_own, own_agendas
from permanence.agenda.models import CalendarFeed
from permanence.agenda.models.interop import LABEL_LENGTH
from permanence.agenda.operations.acts import reach
from permanence.agenda.queries.agendas import seen
from permanence.agenda.refusals import AgendaUnknown, FeedUnknown, TooManyFeeds
from permanence.clients.rules import ClientState
from permanence.foundation import audit
from permanence.foundation.keys import row_key
from permanence.foundation.who import Who, who_is
from permanence.kernel.clock import Entropy

SECRET_BYTES = 20
"""160 bits: nobody finds one by trying, so a plain digest keeps it as well as a slow one."""
SECRET_LENGTH = 32
LABEL_LIMIT = LABEL_LENGTH
MOST = 10
"""Addresses of one agenda that are good at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedView:
    """An address that is good, without its secret. `person`: whose it is; "" of one older than its owners."""

    id: str
    person: str
    agenda: str
    label: str
    names: bool
    homes: bool
    made_by_name: str
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFile:
    """What an address gives: the file, and its strong ETag with its quotes."""

    body: bytes
    etag: str


def new_secret(entropy: Entropy) -> str:
    """32 small letters and digits, which may stand in an address and be typed."""
    return base64.b32encode(entropy.token(SECRET_BYTES)).decode().lower()


def digest_of(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


@transaction.atomic
def make_feed(
    *,
    agenda: str,
    label: str,
    names: bool,
    by: Who,
    at: datetime,
    entropy: Entropy,
    person: str = "",
    homes: bool = False,
) -> tuple[FeedView, str]:
    """A new address for an agenda; gives it and its secret, which nobody can look up later. `person`: the client's
    person whose agenda it is, who asks the house for it.

    `names`: patients' names stand in it; `homes`: with them the addresses of visits at home. He whose agenda it is
    chooses that, nobody of the house. Raises AgendaUnknown, TooManyFeeds, and those of `chosen.choose`.
    """
    row = reach(agenda, by=by)
    owner = acting_for(person, client=str(row.client_id), by=by) if person else by
    if person and agenda not in {each.id for each in own_agendas(client=str(row.client_id), by=owner)}:
        raise AgendaUnknown(agenda[:40])
    chosen = choose(label=label, names=names, homes=homes, by=by)
    if CalendarFeed.objects.filter(agenda=row, revoked_at=None).count() >= MOST:
        raise TooManyFeeds(str(MOST))
    secret = new_secret(entropy)
    made = CalendarFeed.objects.create(
        house_id=row.house_id,
        client_id=row.client_id,
        agenda=row,
        person_id=owner.person_key,
        digest=digest_of(secret),
        label=chosen.label,
        names=chosen.names,
        homes=chosen.homes,
        made_by_name=by.name,
        made_at=at,
    )
    _note("agenda.feed_made", made, by=by, at=at)
    return _view(made), secret


@transaction.atomic
def name_in_feed(*, agenda: str, feed: str, names: bool, by: Who, at: datetime, homes: bool = False) -> None:
    """Patients' names stand in it from now on, with `homes` the addresses of visits at home too, or no more: whose
    address it is says so. Raises AgendaUnknown, FeedUnknown.
    """
    found = _good(agenda, feed, by=by)
    if by.of_house or found.person_id != by.person_key or not _still_seen(found):
        raise FeedUnknown(feed[:40])
    if choose_anew(found, names=names, homes=homes):
        _note("agenda.feed_names", found, by=by, at=at)


@transaction.atomic
def revoke_feed(*, agenda: str, feed: str, by: Who, at: datetime) -> None:
    """The address gives nothing any more. Raises AgendaUnknown, FeedUnknown."""
    found = _good(agenda, feed, by=by)
    CalendarFeed.objects.filter(pk=found.pk).update(revoked_at=at)
    _note("agenda.feed_revoked", found, by=by, at=at)


def _good(agenda: str, feed: str, *, by: Who) -> CalendarFeed:
    found = CalendarFeed.objects.filter(agenda=reach(agenda, by=by), pk=row_key(feed), revoked_at=None).first()
    if found is None:
        raise FeedUnknown(feed[:40])
    return found


def feeds(*, agendas: Sequence[str], by: Who) -> tuple[FeedView, ...]:
    """The addresses of these agendas that are good, the oldest first. Raises AgendaUnknown."""
    rows = CalendarFeed.objects.filter(agenda__in=seen(agendas, by=by), revoked_at=None)
    return tuple(_view(row) for row in rows.order_by("made_at", "pk"))


def read_feed(*, secret: str, at: datetime) -> FeedFile:
    """The agenda behind a secret address. Raises FeedUnknown: also when it was revoked, or whoever made it may look at
    this agenda no more. Sixteen queries.
    """
    if len(secret) != SECRET_LENGTH:
        raise FeedUnknown(secret[:4])
    rows = CalendarFeed.objects.select_related("agenda__client", "agenda__recipient", "house", "person__house")
    good = rows.filter(digest=digest_of(secret), revoked_at=None, agenda__active=True)
    row = good.exclude(agenda__client__state=ClientState.ENDED).first()
    if row is None or not _still_seen(row):
        raise FeedUnknown(secret[:4])
    zone = row.agenda.client.time_zone
    starts, ends = window(zone=zone, today=at.astimezone(ZoneInfo(zone)).date())
    found = entries(row.agenda, names=row.names, homes=row.homes, starts=starts, ends=ends, language=row.house.language)
    body = ics.feed(found, name=row.agenda.name, zone=zone, until=ends)
    return FeedFile(body=body, etag=f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def _still_seen(row: CalendarFeed) -> bool:
    """Whether whoever made the address may still look at its agenda: a client's person at his own ones."""
    if row.person is None:
        return True
    by, client = who_is(row.person), str(row.client_id)
    if not row.person.is_active:
        return False
    if by.of_house:
        return by.may_see(client)
    return is_own(row.agenda, person=row.person)


def _note(action: str, row: CalendarFeed, *, by: Who, at: datetime) -> None:
    detail = {"label": row.label, "names": row.names, "homes": row.homes}
    subject = f"agenda.calendarfeed:{row.pk}"
    audit.note(by=by, at=at, action=action, subject=subject, client=row.client_id, detail=detail)


def _view(row: CalendarFeed) -> FeedView:
    return FeedView(
        id=str(row.pk),
        person="" if row.person_id is None else str(row.person_id),
        agenda=str(row.agenda_id),
        label=row.label,
        names=row.names,
        homes=row.homes,
        made_by_name=row.made_by_name,
        made_at=row.made_at,
    )
