# SPDX-License-Identifier: AGPL-3.0-or-later
"""Events that a device keeps in an agenda: each makes it busy, never over what is booked, overbooked or held.

One act, one transaction: where one of its new times is taken nothing is kept, and the cause is told. A rule makes it
busy to the horizon of the calendar; the worker carries it on (`carry_on`). Programs write a whole rule again for an
alarm that was dismissed: what the house freed of it meanwhile is no new time, nor is what was booked there.
"""

import hashlib
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q

from permanence.agenda.events import TimeBlocked, TimeUnblocked
from permanence.agenda.interop.entries import window
from permanence.agenda.interop.owners import address_of, is_own
from permanence.agenda.interop.written import Busy, Written, busy, read
from permanence.agenda.models import Agenda, Block, CalendarObject, OtherBusy
from permanence.agenda.operations.acts import filled, once, reach
from permanence.agenda.operations.blocks import told
from permanence.agenda.operations.holds import clear
from permanence.agenda.operations.taking import let_go, occupy_block
from permanence.agenda.refusals import EventRefused, ReadOnly, SlotAlreadyTaken
from permanence.agenda.rules.states import Door
from permanence.clients.rules import ClientState
from permanence.foundation import audit, outbox, secrecy
from permanence.foundation.who import Who, system_of
from permanence.kernel.clock import Entropy
from permanence.kernel.ids import new_id

type Stretch = tuple[datetime, datetime]
"""From when until when."""

PURPOSE = "agenda.event"
NAME_LIMIT = 160
FOLLOWS = timedelta(minutes=5)
"""Within which a device writes as a new event what it has cut off from a rule."""


def keep_event(*, agenda: str, name: str, text: str, by: Who, at: datetime, entropy: Entropy) -> None:
    """A device's event as it is now, new or changed; the agenda is busy when it says so.

    Raises AgendaUnknown, EventRefused, ReadOnly (it is another person's), SlotAlreadyTaken, AgendaBusy: then nothing is
    changed.
    """
    row, written, whose = reach(agenda, by=by), read(text), address_of(by)
    if not 0 < len(name) <= NAME_LIMIT:
        raise EventRefused("malformed")
    until = _horizon(row, at)
    spans = busy(written, zone=row.client.time_zone, after=at, until=until, whose=whose)
    digest = hashlib.sha256(text.encode()).hexdigest()

    def do(rows: dict[int, Agenda]) -> dict[str, str]:
        kept = rows[row.pk]
        taken = CalendarObject.objects.filter(Q(name=name) | Q(uid=written.uid), agenda=kept)
        for each in taken.exclude(person=by.person_key).select_related("person__house"):
            if is_own(kept, person=each.person):
                raise ReadOnly(name[:40])
            _end(kept, each, by=by, at=at)
        there = CalendarObject.objects.filter(agenda=kept, name=name).first()
        _make_way(kept, name, written.uid)
        found = there or CalendarObject(house_id=kept.house_id, client_id=kept.client_id, agenda=kept, name=name)
        said = {"uid": written.uid, "repeats": written.repeats, "digest": digest, "known_until": until}
        said["body"] = secrecy.seal(text, house=kept.house.slug, purpose=PURPOSE, entropy=entropy)
        said |= {"person_id": by.person_key, "changed_at": at}
        if there is None:  # what it leaves to visits is noted with it
            _say(found, said)
        had = partial(_had if there is None else _before, kept, found, whose, at)
        blocks = _make_busy(kept, found, written, spans, had, whose=whose, by=by, at=at, entropy=entropy)
        _say(found, {**said, "blocks": blocks})
        subject = f"agenda.calendarobject:{found.pk}"
        filled(kept, action="agenda.event_kept", subject=subject, by=by, at=at, event=None, times=len(spans))
        return {}

    content = {"agenda": agenda, "name": name, "digest": digest}
    once(act="event", key=new_id(at, entropy), agendas=[row], content=content, by=by, at=at, do=do)


def _say(found: CalendarObject, said: dict[str, Any]) -> None:
    for name, value in said.items():
        setattr(found, name, value)
    found.save()


def drop_event(*, agenda: str, name: str, by: Who, at: datetime, entropy: Entropy) -> None:
    """The event is gone, and what it made busy from now on is free; what is past stays in the house's agenda alone, no
    calendar shows it any more. Raises AgendaUnknown, EventRefused, AgendaBusy.
    """
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
    free, and the trail says so. What somebody wrote whose agenda it is no more ends instead.
    """
    rows = CalendarObject.objects.filter(repeats=True, agenda__active=True)
    rows = rows.exclude(agenda__client__state=ClientState.ENDED).select_related("agenda__client", "house")
    for found in rows.select_related("person__house").order_by("known_until", "pk")[:1]:
        until = _horizon(found.agenda, at)
        if found.known_until >= until:
            return 0
        by, whose = system_of(found.house), "" if found.person is None else found.person.email
        if not is_own(found.agenda, person=found.person):
            _let_end(found, by=by, at=at, entropy=entropy)
            return 1
        zone, after = found.agenda.client.time_zone, max(at, found.known_until)
        try:
            written = read(text_of(found, house=found.house.slug))
            spans = busy(written, zone=zone, after=after, until=until, whose=whose)
        except (EventRefused, secrecy.SealBroken):
            CalendarObject.objects.filter(pk=found.pk).update(known_until=until)
            subject = f"agenda.calendarobject:{found.pk}"
            audit.note(by=by, at=at, action="agenda.event_unreadable", subject=subject, client=found.client_id)
            return 1
        _carry(found, written, spans, until, by=by, at=at, entropy=entropy)
        return 1
    return 0


def _let_end(found: CalendarObject, *, by: Who, at: datetime, entropy: Entropy) -> None:
    def do(rows: dict[int, Agenda]) -> dict[str, str]:
        now = CalendarObject.objects.filter(pk=found.pk, digest=found.digest).first()
        if now is not None:
            _end(rows[found.agenda_id], now, by=by, at=at)
        return {}

    content = {"object": found.pk}
    once(act="event_end", key=new_id(at, entropy), agendas=[found.agenda], content=content, by=by, at=at, do=do)


def _end(kept: Agenda, found: CalendarObject, *, by: Who, at: datetime) -> None:
    """Who wrote it has left: what it made busy from now on is free, and nobody is there who would find it again."""
    _free(kept, _coming(kept, found, at), by=by, at=at)
    subject, whose = f"agenda.calendarobject:{found.pk}", found.person_id
    filled(kept, action="agenda.event_ended", subject=subject, by=by, at=at, event=None, person=whose)
    found.delete()


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
        own = {_span(each) for each in _own(kept, now)}  # what goes on beyond what was known
        for span in spans:
            if (span.starts_at, span.ends_at) in own:
                continue
            try:
                now.blocks.append(_taken(kept, span, written.words, by=by, at=at, entropy=entropy))
            except SlotAlreadyTaken:
                _leave_out(now, span, by=by, at=at)
        now.known_until = until
        now.save(update_fields=["blocks", "known_until"])
        filled(kept, action="agenda.event_carried_on", subject=subject, by=by, at=at, event=None)
        return {}

    content = {"object": found.pk, "until": until}
    once(act="event_on", key=new_id(at, entropy), agendas=[found.agenda], content=content, by=by, at=at, do=do)


def _leave_out(now: CalendarObject, span: Busy, *, by: Who, at: datetime) -> None:
    """What is booked there stays; the time is told with it. What was told already is not told again."""
    mine = {"house_id": now.house_id, "client_id": now.client_id, "agenda_id": now.agenda_id}
    there = {**mine, "ends_at": span.ends_at}
    _left, is_new = OtherBusy.objects.get_or_create(event=now, starts_at=span.starts_at, defaults=there)
    if not is_new:
        return
    local = span.starts_at.astimezone(ZoneInfo(now.agenda.client.time_zone))
    detail = {"starts_at": span.starts_at, "day": f"{local:%Y-%m-%d %H:%M}"}
    subject = f"agenda.calendarobject:{now.pk}"
    audit.note(by=by, at=at, action="agenda.event_left_out", subject=subject, client=now.client_id, detail=detail)


def _make_busy(
    kept: Agenda,
    found: CalendarObject,
    written: Written,
    spans: tuple[Busy, ...],
    had: Callable[[], set[Stretch]],
    *,
    whose: str,
    by: Who,
    at: datetime,
    entropy: Entropy,
) -> list[str]:
    """Free what is not wanted any more, take what is new, leave the rest; gives its blocks, with those that are past
    and those that the house freed. Raises SlotAlreadyTaken where a time is taken that it did not have before (`had`).
    """
    clear(kept, at=at)
    wanted = {(each.starts_at, each.ends_at): each for each in spans}
    own = _own(kept, found)
    is_told = not own or any(each.removed_at is None for each in own)  # else it is gone from the device: it comes anew
    coming = [each for each in own if each.ends_at > at]
    stays = _staying(coming, wanted.keys(), written.words, is_told=is_told)
    gone = {each.key for each in coming} - {each.key for each in stays}
    _free(kept, [each for each in coming if each.removed_at is None and each.key in gone], by=by, at=at)
    keys = [key for key in found.blocks if key not in gone]
    for block in stays:
        wanted.pop(_span(block), None)
    left = {_span(each): each for each in OtherBusy.objects.filter(event__isnull=False, event=found.pk)}
    over = [each.pk for span, each in left.items() if span not in wanted]
    OtherBusy.objects.filter(pk__in=over).delete()
    _note_cut(kept, found, spans, whose=whose, at=at, is_less=bool(gone or over))
    before: set[Stretch] = set()
    for span, each in wanted.items():
        try:
            keys.append(_taken(kept, each, written.words, by=by, at=at, entropy=entropy))
        except SlotAlreadyTaken:
            before = before or (had() if is_told else before)
            if span not in before:
                raise
            _leave_out(found, each, by=by, at=at)
        else:
            if span in left:
                left[span].delete()
    return keys


def _staying(coming: list[Block], wanted: Collection[Stretch], words: str, *, is_told: bool) -> list[Block]:
    """Which of its blocks to come stay as they are: what stands there as it was written, and what the house has freed,
    that of an event which the device still shows.
    """
    standing = {_span(each): each for each in coming if each.removed_at is None}
    freed = [each for each in coming if each.removed_at is not None and _span(each) not in standing]
    as_it_was = [each for each in standing.values() if each.words == words]
    return [each for each in as_it_was + (freed if is_told else []) if _span(each) in wanted]


def _note_cut(
    kept: Agenda, found: CalendarObject, spans: tuple[Busy, ...], *, whose: str, at: datetime, is_less: bool
) -> None:
    """Keeps for a while which times are taken out of a rule: its device may write them as a new event, and before that
    the rule once more.
    """
    cut = _cut(found) if found.changed_at > at - FOLLOWS else set()
    if found.repeats and is_less:
        cut |= _before(kept, found, whose, at)
    cut -= {(each.starts_at, each.ends_at) for each in spans}
    found.cut = [[starts.isoformat(), ends.isoformat()] for starts, ends in sorted(cut)]


def _cut(found: CalendarObject) -> set[Stretch]:
    return {(datetime.fromisoformat(starts), datetime.fromisoformat(ends)) for starts, ends in found.cut}


def _had(kept: Agenda, found: CalendarObject, whose: str, at: datetime) -> set[Stretch]:
    """When other rules of the same person are to make busy, or were until just now: “this and all following” comes as
    two writings, in either order, the rule that ends and the rest as a new event.
    """
    times: set[Stretch] = set()
    for each in CalendarObject.objects.filter(agenda=kept, person=found.person_id, repeats=True).exclude(pk=found.pk):
        times |= _before(kept, each, whose, at)
        if each.changed_at > at - FOLLOWS:
            times |= _cut(each)
    return times


def _before(kept: Agenda, found: CalendarObject, whose: str, at: datetime) -> set[Stretch]:
    """When it was to make busy as it was written last."""
    try:
        written = read(text_of(found, house=kept.house.slug))
        spans = busy(written, zone=kept.client.time_zone, after=at, until=_horizon(kept, at), whose=whose)
    except (EventRefused, secrecy.SealBroken):
        return set()
    return {(each.starts_at, each.ends_at) for each in spans}


def _make_way(kept: Agenda, name: str, uid: str) -> None:
    """Another event of that identifier whose time the house has made free is over. Raises EventRefused for one that
    stands.
    """
    for other in CalendarObject.objects.filter(agenda=kept, uid=uid).exclude(name=name):
        standing = Block.objects.filter(agenda=kept, key__in=other.blocks, removed_at=None).exists()
        if standing or not other.blocks:
            raise EventRefused("several")
        other.delete()


def _own(kept: Agenda, found: CalendarObject) -> list[Block]:
    """Its blocks, with the past ones and those that the house has freed."""
    return list(Block.objects.filter(agenda=kept, key__in=found.blocks).order_by("starts_at", "pk"))


def _span(row: Block | OtherBusy) -> Stretch:
    return row.starts_at, row.ends_at


def _coming(kept: Agenda, found: CalendarObject, at: datetime) -> list[Block]:
    rows = Block.objects.filter(agenda=kept, key__in=found.blocks, removed_at=None, ends_at__gt=at)
    return list(rows.order_by("starts_at", "pk"))


def _free(kept: Agenda, blocks: list[Block], *, by: Who, at: datetime) -> None:
    Block.objects.filter(agenda=kept, pk__in=[each.pk for each in blocks]).update(removed_at=at)
    for each in blocks:
        let_go(each)
        outbox.announce(TimeUnblocked(house=by.house, at=at, **told(each), door=Door.CALDAV.value))


def _taken(kept: Agenda, span: Busy, words: str, *, by: Who, at: datetime, entropy: Entropy) -> str:
    """The agenda is busy then; gives the block. Raises SlotAlreadyTaken, and there is none."""
    block = Block.objects.create(
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
    try:
        occupy_block(block, beside=True)
    except SlotAlreadyTaken:
        block.delete()
        raise
    outbox.announce(TimeBlocked(house=by.house, at=at, **told(block)))
    return block.key


def _horizon(row: Agenda, at: datetime) -> datetime:
    zone = row.client.time_zone
    return window(zone=zone, today=at.astimezone(ZoneInfo(zone)).date())[1]
