# SPDX-License-Identifier: AGPL-3.0-or-later
"""Events that a device keeps in an agenda: each makes it busy, never over what is booked, overbooked or held.

One act, one transaction: where one of its times is taken nothing is kept, and the cause is told. A rule makes it busy
to the horizon of the calendar; the worker carries it on (`carry_on`).
"""

import hashlib
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Q

from permanence.agenda.events import TimeBlocked, TimeUnblocked
from permanence.agenda.interop.entries import window
from permanence.agenda.interop.written import Busy, Written, busy, read
from permanence.agenda.models import Agenda, Block, CalendarObject, OtherBusy
from permanence.agenda.operations.acts import filled, once, reach
from permanence.agenda.operations.blocks import told
from permanence.agenda.operations.holds import clear
from permanence.agenda.operations.taking import let_go, occupy_block
from permanence.agenda.refusals import EventRefused, ReadOnly, SlotAlreadyTaken
from permanence.agenda.rules.states import Door
from permanence.foundation import audit, outbox, secrecy
from permanence.foundation.who import Who, system_of
from permanence.kernel.clock import Entropy
from permanence.kernel.ids import new_id

PURPOSE = "agenda.event"
NAME_LIMIT = 160


def keep_event(*, agenda: str, name: str, text: str, by: Who, at: datetime, entropy: Entropy) -> None:
    """A device's event as it is now, new or changed; the agenda is busy when it says so.

    Raises AgendaUnknown, EventRefused, ReadOnly (it is another person's), SlotAlreadyTaken, AgendaBusy: then nothing is
    changed.
    """
    row, written = reach(agenda, by=by), read(text)
    if not 0 < len(name) <= NAME_LIMIT:
        raise EventRefused("malformed")
    until = _horizon(row, at)
    spans = busy(written, zone=row.client.time_zone, after=at, until=until)
    digest = hashlib.sha256(text.encode()).hexdigest()

    def do(rows: dict[int, Agenda]) -> dict[str, str]:
        kept = rows[row.pk]
        there = CalendarObject.objects.filter(agenda=kept, name=name).first()
        taken = CalendarObject.objects.filter(Q(name=name) | Q(uid=written.uid), agenda=kept)
        if taken.exclude(person=by.person_key).exists():
            raise ReadOnly(name[:40])
        _make_way(kept, name, written.uid)
        found = there or CalendarObject(house_id=kept.house_id, client_id=kept.client_id, agenda=kept, name=name)
        found.blocks = _make_busy(kept, found, written, spans, by=by, at=at, entropy=entropy)
        found.person_id = by.person_key
        found.uid, found.repeats, found.digest = written.uid, written.repeats, digest
        found.body = secrecy.seal(text, house=kept.house.slug, purpose=PURPOSE, entropy=entropy)
        found.known_until, found.changed_at = until, at
        found.save()
        subject = f"agenda.calendarobject:{found.pk}"
        filled(kept, action="agenda.event_kept", subject=subject, by=by, at=at, event=None, times=len(spans))
        return {}

    content = {"agenda": agenda, "name": name, "digest": digest}
    once(act="event", key=new_id(at, entropy), agendas=[row], content=content, by=by, at=at, do=do)


def drop_event(*, agenda: str, name: str, by: Who, at: datetime, entropy: Entropy) -> None:
    """The event is gone, and what it made busy from now on is free. Raises AgendaUnknown, EventRefused, AgendaBusy."""
    row = reach(agenda, by=by)

    def do(rows: dict[int, Agenda]) -> dict[str, str]:
        kept = rows[row.pk]
        found = CalendarObject.objects.filter(agenda=kept, name=name[:NAME_LIMIT]).first()
        if found is None:
            raise EventRefused("no_event")
        _free(kept, _coming(kept, found, at), by=by, at=at)
        subject = f"agenda.calendarobject:{found.pk}"
        filled(kept, action="agenda.event_dropped", subject=subject, by=by, at=at, event=None)
        found.delete()
        return {}

    content = {"agenda": agenda, "name": name}
    once(act="event_drop", key=new_id(at, entropy), agendas=[row], content=content, by=by, at=at, do=do)


def text_of(row: CalendarObject, *, house: str) -> str:
    """The event as the device wrote it."""
    return secrecy.unseal(row.body, house=house, purpose=PURPOSE)


def carry_on(*, at: datetime, entropy: Entropy) -> int:
    """Rules are busy to a horizon that has moved since: one event a call, those longest behind first. How many.

    What is booked at such a time stays; the time is told with it (`queries.calendars.collisions`) and taken once it is
    free, and the trail says so.
    """
    rows = CalendarObject.objects.filter(repeats=True, agenda__active=True).select_related("agenda__client", "house")
    for found in rows.order_by("known_until", "pk")[:1]:
        until = _horizon(found.agenda, at)
        if found.known_until >= until:
            return 0
        by = system_of(found.house)
        try:
            written = read(text_of(found, house=found.house.slug))
            spans = busy(written, zone=found.agenda.client.time_zone, after=max(at, found.known_until), until=until)
        except (EventRefused, secrecy.SealBroken):
            CalendarObject.objects.filter(pk=found.pk).update(known_until=until)
            subject = f"agenda.calendarobject:{found.pk}"
            audit.note(by=by, at=at, action="agenda.event_unreadable", subject=subject, client=found.client_id)
            return 1
        _carry(found, written, spans, until, by=by, at=at, entropy=entropy)
        return 1
    return 0


def _carry(
    found: CalendarObject,
    written: Written,
    spans: tuple[Busy, ...],
    until: datetime,
    *,
    by: Who,
    at: datetime,
    entropy: Entropy,
) -> None:
    def do(rows: dict[int, Agenda]) -> dict[str, str]:
        kept = rows[found.agenda_id]
        clear(kept, at=at)
        now = CalendarObject.objects.filter(pk=found.pk, digest=found.digest).first()
        if now is None:
            return {}
        subject = f"agenda.calendarobject:{now.pk}"
        OtherBusy.objects.filter(event=now, ends_at__lte=at).delete()
        for span in spans:
            block = _block(kept, span, written.words, by=by, at=at, entropy=entropy)
            try:
                occupy_block(block, beside=True)
            except SlotAlreadyTaken:
                block.delete()
                _leave_out(now, span, subject, by=by, at=at)
            else:
                now.blocks.append(block.key)
                outbox.announce(TimeBlocked(house=by.house, at=at, **told(block)))
        now.known_until = until
        now.save(update_fields=["blocks", "known_until"])
        filled(kept, action="agenda.event_carried_on", subject=subject, by=by, at=at, event=None)
        return {}

    content = {"object": found.pk, "until": until}
    once(act="event_on", key=new_id(at, entropy), agendas=[found.agenda], content=content, by=by, at=at, do=do)


def _leave_out(now: CalendarObject, span: Busy, subject: str, *, by: Who, at: datetime) -> None:
    mine = {"house_id": now.house_id, "client_id": now.client_id, "agenda_id": now.agenda_id}
    OtherBusy.objects.get_or_create(event=now, starts_at=span.starts_at, defaults={**mine, "ends_at": span.ends_at})
    local = span.starts_at.astimezone(ZoneInfo(now.agenda.client.time_zone))
    detail = {"starts_at": span.starts_at, "day": f"{local:%Y-%m-%d %H:%M}"}
    audit.note(by=by, at=at, action="agenda.event_left_out", subject=subject, client=now.client_id, detail=detail)


def _make_busy(
    kept: Agenda,
    found: CalendarObject,
    written: Written,
    spans: tuple[Busy, ...],
    *,
    by: Who,
    at: datetime,
    entropy: Entropy,
) -> list[str]:
    """Free what is not wanted any more, take what is new, leave the rest; gives the blocks that stand, the past too."""
    clear(kept, at=at)
    OtherBusy.objects.filter(event__isnull=False, event=found.pk).delete()
    wanted = {(each.starts_at, each.ends_at): each for each in spans}
    go: list[Block] = []
    for block in _coming(kept, found, at):
        span = block.starts_at, block.ends_at
        if block.words == written.words and span in wanted:
            del wanted[span]
        else:
            go.append(block)
    _free(kept, go, by=by, at=at)
    gone = {each.key for each in go}
    keys = [key for key in found.blocks if key not in gone]
    for each in wanted.values():
        block = _block(kept, each, written.words, by=by, at=at, entropy=entropy)
        occupy_block(block, beside=True)
        outbox.announce(TimeBlocked(house=by.house, at=at, **told(block)))
        keys.append(block.key)
    return keys


def _make_way(kept: Agenda, name: str, uid: str) -> None:
    """Another event of that identifier whose time the house has made free is over. Raises EventRefused for one that
    stands.
    """
    for other in CalendarObject.objects.filter(agenda=kept, uid=uid).exclude(name=name):
        standing = Block.objects.filter(agenda=kept, key__in=other.blocks, removed_at=None).exists()
        if standing or not other.blocks:
            raise EventRefused("several")
        other.delete()


def _coming(kept: Agenda, found: CalendarObject, at: datetime) -> list[Block]:
    rows = Block.objects.filter(agenda=kept, key__in=found.blocks, removed_at=None, ends_at__gt=at)
    return list(rows.order_by("starts_at", "pk"))


def _free(kept: Agenda, blocks: list[Block], *, by: Who, at: datetime) -> None:
    Block.objects.filter(agenda=kept, pk__in=[each.pk for each in blocks]).update(removed_at=at)
    for each in blocks:
        let_go(each)
        outbox.announce(TimeUnblocked(house=by.house, at=at, **told(each)))


def _block(kept: Agenda, span: Busy, words: str, *, by: Who, at: datetime, entropy: Entropy) -> Block:
    return Block.objects.create(
        house_id=kept.house_id,
        client_id=kept.client_id,
        agenda=kept,
        key=new_id(at, entropy),
        starts_at=span.starts_at,
        ends_at=span.ends_at,
        words=words,
        door=Door.CALDAV.value,
        made_by_name=by.name,
        made_at=at,
    )


def _horizon(row: Agenda, at: datetime) -> datetime:
    zone = row.client.time_zone
    return window(zone=zone, today=at.astimezone(ZoneInfo(zone)).date())[1]
