# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who waits under two files that are one person waits once; and as before where they are two after all.

What a merge made of the places is kept with the ids of acts, longer than a merge can be undone.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from permanence.agenda.models import Agenda, AgendaAct, SlotOffer, WaitingPlace
from permanence.agenda.operations.acts import Result, locked, once, touch
from permanence.agenda.operations.offer_ends import close
from permanence.agenda.rules.waiting import OfferState, PlaceState
from permanence.foundation import audit
from permanence.foundation.tenancy import ClientQuerySet
from permanence.foundation.who import Who

_FAIR = "asked_at", "is_urgent", "silent", "instead_of"
"""What the place that stays takes over of the other one."""
_ENDED = "state", "state_at", "state_by_name"
"""What is something else of a place that is closed, and comes back. What he was asked does not: it is asked again."""


def follow_merge(*, merge: str, kept: str, merged: str, by: Who, at: datetime) -> int:
    """The places of `merged` are those of `kept`, two for one reason become one; gives how many came. Idempotent.

    Of two that of `kept` stays, but where its days are over: as early and as urgent as the better one, with what was
    offered to him under the other. An offer that is out is his still; of two that are out one is taken back.
    """
    theirs = list(_places(by, patient=int(merged)))
    if not theirs:
        return 0
    agendas = list(Agenda.objects.filter(client=theirs[0].client_id))

    def do(rows: dict[int, Agenda]) -> Result:
        came = list(_places(by, patient=int(merged)).order_by("pk"))
        joined = [_join(each, int(kept), rows, by=by, at=at) for each in came if each.state == PlaceState.WAITING]
        moved = [each.pk for each in came]
        WaitingPlace.objects.filter(pk__in=moved).update(patient=int(kept))
        _tell(came, rows.values(), "waiting.patient_merged", by=by, at=at, merge=merge)
        return {"moved": moved, "joined": [each for each in joined if each]}

    content = {"kept": kept, "merged": merged}
    done = once(act="waiting_merge", key=_key(merge), agendas=agendas, content=content, by=by, at=at, do=do)
    return len(done["moved"])


@transaction.atomic
def follow_parting(*, merge: str, merged: str, by: Who, at: datetime) -> int:
    """They were two after all: what came by that merge goes back, and who waited for the same reason waits again; gives
    how many went. What was done since stands. Idempotent.
    """
    record = AgendaAct.objects.for_house(by.house_key).filter(key=_key(merge)).first()
    if record is None:
        return 0
    rows = locked(Agenda.objects.filter(client=record.client_id).values_list("pk", flat=True))
    went = list(_places(by, pk__in=record.result["moved"]).order_by("pk"))
    for each in went:
        if each.state == PlaceState.WAITING:
            _join(each, int(merged), rows, by=by, at=at)  # he may have been put on the list anew meanwhile
    WaitingPlace.objects.filter(pk__in=[each.pk for each in went]).update(patient=int(merged))
    for each in record.result["joined"]:
        _take_apart(each)
    _tell(went, rows.values(), "waiting.patient_parted", by=by, at=at, merge=merge)
    record.delete()
    return len(went)


def _key(merge: str) -> str:
    return f"waiting-merge-{int(merge):012d}"


def _places(by: Who, **which: Any) -> ClientQuerySet[WaitingPlace]:
    return WaitingPlace.objects.for_house(by.house_key).filter(**which).select_related("client")


def _join(came: WaitingPlace, kept: int, rows: Mapping[int, Agenda], *, by: Who, at: datetime) -> Result:
    """Where `kept` waits for the same already: one of the two places is closed; gives what it was, {} for none."""
    own = _places(by, patient=kept, reason=came.reason_id, state=PlaceState.WAITING.value).first()
    if own is None:
        return {}
    stays, closed, fair = one_of(own, came, at=at)
    result = {
        "stays": stays.pk,
        "closed": closed.pk,
        "offers": _hand_on(closed, stays, rows, by=by, at=at),
        "was": _plain(stays, fair),
        "became": {name: _said(value) for name, value in fair.items()},
        "ended": _plain(closed, _ENDED),
    }
    said = {"state": PlaceState.WITHDRAWN.value, "state_at": at, "state_by_name": by.name, "sealed_answers": ""}
    WaitingPlace.objects.filter(pk=closed.pk).update(**said)
    if fair:
        WaitingPlace.objects.filter(pk=stays.pk).update(**fair)
    _note(closed, "waiting.withdrawn", by=by, at=at, waits_as=stays.pk)
    return result


def one_of(own: WaitingPlace, came: WaitingPlace, *, at: datetime) -> tuple[WaitingPlace, WaitingPlace, dict[str, Any]]:
    """Of two places of one person (their client loaded) the one that stays, the one that is closed, and what the one
    takes over of the other: `own` stays, but where its days are over; of one whose days are over nothing is taken over.
    """
    today: date = at.astimezone(ZoneInfo(own.client.time_zone)).date()
    stays, closed = (came, own) if own.until_date <= today else (own, came)
    return stays, closed, {} if closed.until_date <= today else _better(stays, closed)


def _better(stays: WaitingPlace, closed: WaitingPlace) -> dict[str, Any]:
    """What of the place that stays is otherwise than it was: in turn he is where the older of the two is, urgent where
    one of them is, and gives up the visit of which one of them says so.
    """
    older = min(stays, closed, key=lambda each: (each.asked_at, each.pk))
    fair = {
        "asked_at": older.asked_at,
        "is_urgent": stays.is_urgent or closed.is_urgent,
        "silent": older.silent,
        "instead_of": stays.instead_of or closed.instead_of,
    }
    return {name: fair[name] for name in _FAIR if fair[name] != getattr(stays, name)}


def _hand_on(
    closed: WaitingPlace, stays: WaitingPlace, rows: Mapping[int, Agenda], *, by: Who, at: datetime
) -> list[int]:
    """What was offered under the closed place was offered to him: no hour of it is again. Gives which offers went."""
    known = list(SlotOffer.objects.filter(place=stays))
    hours = {(each.agenda_id, each.starts_at) for each in known}
    engaged, went = any(each.state == OfferState.OPEN for each in known), []
    for each in SlotOffer.objects.filter(place=closed).order_by("pk"):
        is_open = each.state == OfferState.OPEN
        if (is_open and engaged) or (each.agenda_id, each.starts_at) in hours:
            close(each, rows[each.agenda_id], OfferState.WITHDRAWN, by=by, at=at)
        if (each.agenda_id, each.starts_at) not in hours:
            SlotOffer.objects.filter(pk=each.pk).update(place=stays)
            went.append(each.pk)
    return went


def _take_apart(joined: Result) -> None:
    stays = WaitingPlace.objects.get(pk=joined["stays"])
    back = {name: was for name, was in joined["was"].items() if _said(getattr(stays, name)) == joined["became"][name]}
    if back:
        WaitingPlace.objects.filter(pk=stays.pk).update(**_read(back))
    closed = WaitingPlace.objects.get(pk=joined["closed"])
    same = WaitingPlace.objects.filter(patient=closed.patient_id, reason=closed.reason_id)
    if not same.filter(state=PlaceState.WAITING.value).exists():
        WaitingPlace.objects.filter(pk=closed.pk).update(**_read(joined["ended"]))
        SlotOffer.objects.filter(pk__in=joined["offers"]).exclude(state=OfferState.TAKEN.value).update(place=closed)


def _plain(row: WaitingPlace, names: Iterable[str]) -> dict[str, Any]:
    return {name: _said(getattr(row, name)) for name in names}


def _said(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _read(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: datetime.fromisoformat(each) if name.endswith("_at") else each for name, each in said.items()}


def _tell(
    places: Iterable[WaitingPlace], rows: Iterable[Agenda], action: str, *, by: Who, at: datetime, **detail: object
) -> None:
    for each in places:
        _note(each, action, by=by, at=at, **detail)
    for row in rows:
        touch(row, at=at)


def _note(place: WaitingPlace, action: str, *, by: Who, at: datetime, **detail: object) -> None:
    subject = f"agenda.waitingplace:{place.pk}"
    audit.note(by=by, at=at, action=action, subject=subject, client=place.client_id, detail=detail)
