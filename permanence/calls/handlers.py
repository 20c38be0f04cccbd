# SPDX-License-Identifier: AGPL-3.0-or-later
"""The record of a call from what the engine announces, in the order in which it happened."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Greatest

from permanence.calls.events import CallRecorded, VoiceMessageReceived
from permanence.calls.models import Call, CallOffer, Familiarity, WithheldNumber
from permanence.clients import queries as clients
from permanence.foundation import bus, live, outbox, secrecy
from permanence.foundation.models import House
from permanence.kernel.events import Event, to_plain
from permanence.reception.events import (
    CallAbandoned,
    CallAnswered,
    CallClosed,
    CallOffered,
    OfferEnded,
    WrapUpEnded,
)
from permanence.staff import queries as staff
from permanence.telephony.events import CallArrived, CallEnded, CallEvent, VoiceMessageBegun, VoiceMessageKept

HEARER = "calls"
WITHHELD = "call.withheld"


@dataclass(frozen=True, slots=True)
class _Scene:
    """The call's row, locked, and its house."""

    row: Call
    house: House


def apply_engine_event(engine: str, sequence: int, event: Event) -> None:
    """Write what `event` says about a call. Idempotent by (engine, sequence), one transaction.

    A call whose arrival was never heard (its event was set aside) gets a record from the first event that names it.
    """
    with transaction.atomic():
        if not bus.first_time(hearer=HEARER, engine=engine, sequence=sequence):
            return
        write = _WRITERS.get(type(event))
        if write is None or not isinstance(event, CallEvent):
            return
        house = House.objects.get(slug=event.house)
        write(_Scene(_row(house, event), house), event)
        live.touch(f"house/{house.slug}/calls", house_key=house.pk, at=event.at)


def _row(house: House, event: CallEvent) -> Call:
    row = Call.objects.for_house(house).select_for_update().filter(call=event.call).first()
    if row is not None:
        return row
    return Call.objects.create(
        house=house, call=event.call, client_id=_client(house, event.client), arrived_at=event.at
    )


def _client(house: House, client: str | None) -> int | None:
    """The key of a client of this house; None for none, for another house's, and for one that is unknown here."""
    try:
        return None if client is None else int(clients.client(house=house.slug, client=client).id)
    except clients.ClientUnknown:
        return None


def _secretary(house: House, secretary: str) -> int | None:
    """The key of a secretary of this house, None for another's."""
    return int(secretary) if secretary in staff.secretary_names(house=house.slug) else None


def _arrived(scene: _Scene, event: CallArrived) -> None:
    row = scene.row
    row.arrived_at, row.trunk, row.called_line = event.at, event.trunk[:80], event.called_line[:80]
    row.masked, row.found_by = event.masked, event.found_by[:20]
    row.caller = "" if event.masked else (event.caller or "")[:20]
    row.display = "" if event.masked else event.display[:120]
    row.forwarded_by, row.forward_reason = (event.forwarded_by or "")[:80], (event.forward_reason or "")[:40]
    row.save()
    if event.withheld:
        sealed = secrecy.seal(event.withheld, house=scene.house.slug, purpose=WITHHELD)
        WithheldNumber.objects.create(house=scene.house, call=row, sealed=sealed)


def _offered(scene: _Scene, event: CallOffered) -> None:
    secretary = _secretary(scene.house, event.secretary)
    if secretary is None:
        return
    CallOffer.objects.create(
        house=scene.house,
        call=scene.row,
        offer=event.offer,
        secretary_id=secretary,
        seat=event.seat[:80],
        offered_at=event.at,
        why=to_plain(event.why),
        greeting=event.greeting,
        shown=list(event.shown),
        card={
            "name": event.name,
            "greetings": to_plain(event.greetings),
            "instructions": to_plain(event.instructions),
            "absences": to_plain(event.absences),
            "script": to_plain(event.script),
            "place": event.place,
            "time_zone": event.time_zone,
            "open_until_ms": event.open_until_ms,
            "parts": to_plain(event.parts),
        },
    )


def _end_offer(scene: _Scene, offer: str, how: str, at: datetime) -> None:
    running = CallOffer.objects.for_house(scene.house).filter(call=scene.row, offer=offer, ended_at__isnull=True)
    running.update(how=how[:12], ended_at=at)


def _offer_ended(scene: _Scene, event: OfferEnded) -> None:
    _end_offer(scene, event.offer, event.how, event.at)


def _answered(scene: _Scene, event: CallAnswered) -> None:
    row = scene.row
    _end_offer(scene, event.offer, "answered", event.at)
    row.secretary_id = _secretary(scene.house, event.secretary)
    _count(scene, event)
    if row.answered_at is None:  # a caller whose secretary was lost is answered twice: the first wait counts
        row.answered_at, row.wait_ms = event.at, max(event.waited_ms, 0)
    row.abandoned = False
    row.save(update_fields=["secretary", "answered_at", "wait_ms", "abandoned"])


def _count(scene: _Scene, event: CallAnswered) -> None:
    """She took a call for this client; one that came back to her after her line was lost counts once."""
    row = scene.row
    if row.client_id is None or row.secretary_id is None:
        return
    offers = CallOffer.objects.for_house(scene.house).filter(call=row, secretary=row.secretary_id, how="answered")
    if offers.exclude(offer=event.offer).exists():
        return
    known = Familiarity.objects.for_house(scene.house).filter(client=row.client_id, secretary=row.secretary_id)
    if not known.update(taken=F("taken") + 1, last_at=Greatest("last_at", Value(event.at))):
        Familiarity.objects.create(
            house=scene.house, client_id=row.client_id, secretary_id=row.secretary_id, taken=1, last_at=event.at
        )


def _abandoned(scene: _Scene, event: CallAbandoned) -> None:
    row = scene.row
    row.abandoned = True
    if row.answered_at is None:
        row.wait_ms = max(event.waited_ms, 0)
    row.save(update_fields=["abandoned", "wait_ms"])


def _closed(scene: _Scene, event: CallClosed) -> None:
    row = scene.row
    row.closed_reason, row.close_why = event.reason[:20], to_plain(event.why)
    if row.answered_at is None:
        row.wait_ms = max(int((event.at - row.arrived_at).total_seconds() * 1000), 0)
    row.save(update_fields=["closed_reason", "close_why", "wait_ms"])


def _ended(scene: _Scene, event: CallEnded) -> None:
    row = scene.row
    row.arrived_at = min(row.arrived_at, datetime.fromtimestamp(event.arrived_at_ms / 1000, UTC))
    row.ended_at, row.ended_by, row.why = max(event.at, row.arrived_at), event.by[:12], event.why[:40]
    row.save(update_fields=["arrived_at", "ended_at", "ended_by", "why"])
    CallOffer.objects.for_house(scene.house).filter(call=row, ended_at__isnull=True).update(
        ended_at=row.ended_at, how="withdrawn"
    )
    outbox.announce(
        CallRecorded(
            house=scene.house.slug, at=event.at, call=row.call, client=_written(row.client_id), abandoned=row.abandoned
        )
    )


def _wrapped_up(scene: _Scene, event: WrapUpEnded) -> None:
    if event.outcome:
        scene.row.outcome = event.outcome[:40]
        scene.row.save(update_fields=["outcome"])


def _voice_begun(scene: _Scene, event: VoiceMessageBegun) -> None:
    if scene.row.voice_begun_at is None:
        scene.row.voice_begun_at = event.at
        scene.row.save(update_fields=["voice_begun_at"])


def _voice_message(scene: _Scene, event: VoiceMessageKept) -> None:
    row = scene.row
    row.voice_file, row.voice_seconds = event.file[:120], event.seconds
    row.save(update_fields=["voice_file", "voice_seconds"])
    outbox.announce(
        VoiceMessageReceived(
            house=scene.house.slug,
            at=event.at,
            call=row.call,
            client=_written(row.client_id),
            file=row.voice_file,
            seconds=event.seconds,
        )
    )


def _written(key: int | None) -> str | None:
    return None if key is None else str(key)


_WRITERS: dict[type[Event], Callable[[_Scene, Any], None]] = {
    CallArrived: _arrived,
    CallOffered: _offered,
    OfferEnded: _offer_ended,
    CallAnswered: _answered,
    CallAbandoned: _abandoned,
    CallClosed: _closed,
    CallEnded: _ended,
    WrapUpEnded: _wrapped_up,
    VoiceMessageBegun: _voice_begun,
    VoiceMessageKept: _voice_message,
}
