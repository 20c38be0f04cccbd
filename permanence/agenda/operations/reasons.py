# SPDX-License-Identifier: AGPL-3.0-or-later
"""For what patients come: set, and retired. A reason in use goes only when another one takes its place everywhere."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from permanence.agenda.models import Agenda, Appointment, OpeningPattern, VisitReason
from permanence.agenda.operations import marks, reason_uses
from permanence.agenda.operations.acts import locked, short
from permanence.agenda.operations.setting import check_resources, check_sites, client_of, every_agenda, named
from permanence.agenda.queries.books import reason_of
from permanence.agenda.queries.views import AppointmentView, appointment_views
from permanence.agenda.refusals import (
    AgendaUnknown,
    NameTaken,
    ReplacementImpossible,
    ReplacementNeeded,
    SettingImpossible,
    VisitReasonUnknown,
)
from permanence.agenda.rules import kinds
from permanence.agenda.rules.states import STANDING
from permanence.foundation import audit
from permanence.foundation.keys import row_key
from permanence.foundation.who import Who

MOST = 40
"""Questions, documents, needs of one reason."""
TEXT_LIMIT = 200
LARGEST = 32767


@dataclass(frozen=True, slots=True, kw_only=True)
class Retirement:
    """What becomes of a reason's appointments to come. `kept`: those that have the replacement now, or will.

    `unlike`: those among them that last another time than the replacement does; they keep their span, and a person
    looks at them. `openings`: how many openings name the reason. `waiting`: how many patients wait for it. `pages`:
    the slugs of public pages that offer nothing else; `pages_off`: of those that are switched off, for patients may
    not book the replacement.
    """

    reason: str
    replacement: str
    kept: tuple[AppointmentView, ...]
    unlike: tuple[AppointmentView, ...]
    openings: int
    waiting: int
    pages: tuple[str, ...]
    pages_off: tuple[str, ...]

    @property
    def in_use(self) -> bool:
        """Whether it goes only when another one takes its place."""
        return bool(self.kept or self.openings or self.waiting or self.pages)


def set_reason(
    *, client: str, reason: kinds.VisitReason, by: Who, at: datetime, mark: str | None = None
) -> kinds.VisitReason:
    """A new reason (its id is "") or other fields of one that is offered. What is booked keeps its length.
    `mark`: `marks.mark_of_reason` of what was seen of it.

    Raises AgendaUnknown (of the client, or the one it takes too), VisitReasonUnknown, ResourceUnknown, SiteUnknown,
    NameTaken, WordsTooLong, SettingImpossible, ChangedMeanwhile.
    """
    account, said = client_of(client, by=by), named(reason.name)
    key = int(account.id)
    fields = {**_fields(reason), "name": said}
    check_resources({each for need in reason.needs for each in need.ids}, client=key)
    check_sites(reason.sites, client=key, by=by)
    try:
        with transaction.atomic():
            locked(Agenda.objects.filter(client=key).values_list("pk", flat=True))
            _share(reason, client=key)
            if reason.id:
                row = _offered(reason.id, client=key)
                marks.compare(marks.mark_of_reason(reason_of(row)), mark, of=reason.id)
                VisitReason.objects.filter(pk=row.pk).update(**fields)
            else:
                row = VisitReason.objects.create(house_id=by.house_key, client_id=key, **fields)
            action = "agenda.reason_changed" if reason.id else "agenda.reason_added"
            audit.note(by=by, at=at, action=action, subject=f"agenda.visitreason:{row.pk}", client=key)
            every_agenda(key, "agenda.changed", by=by, at=at, reason=row.pk)
    except IntegrityError as error:
        raise NameTaken(said) from error
    return reason_of(VisitReason.objects.get(pk=row.pk))


def plan_retirement(*, client: str, reason: str, replacement: str, by: Who, at: datetime) -> Retirement:
    """What `retire_reason` would do; nothing is changed. Raises as it does, but ReplacementNeeded."""
    key = int(client_of(client, by=by).id)
    row = _offered(reason, client=key)
    return _plan(row, _replacement(row, replacement) if replacement else None, at=at)


def retire_reason(*, client: str, reason: str, by: Who, at: datetime, replacement: str = "") -> Retirement:
    """The reason is no longer offered; its appointments to come, its openings, its public pages and whoever waits
    for it get the replacement.

    Their spans stay: an appointment is never moved by this. Without a replacement only where it is not in use.
    Raises AgendaUnknown, VisitReasonUnknown, ReplacementNeeded, ReplacementImpossible.
    """
    key = int(client_of(client, by=by).id)
    with transaction.atomic():
        rows = locked(Agenda.objects.filter(client=key).values_list("pk", flat=True))
        row = _offered(reason, client=key)
        other = _replacement(row, replacement) if replacement else None
        plan = _plan(row, other, at=at)
        if other is None and plan.in_use:
            used = f"{len(plan.kept)} appointments, {plan.openings} openings, {plan.waiting} who wait, {plan.pages}"
            raise ReplacementNeeded(used)
        reason_uses.change_pages(row, other)
        VisitReason.objects.filter(pk=row.pk).update(retired_at=at, replacement=other)
        moved = closed = 0
        if other is not None:
            moved, closed = reason_uses.wait_for_other(row, other, rows, by=by, at=at)
            _coming(row, at).update(reason=other)
            for opening in _naming(row):
                named_there = [str(other.pk) if each == reason else each for each in opening.reasons]
                OpeningPattern.objects.filter(pk=opening.pk).update(reasons=list(dict.fromkeys(named_there)))
        detail = {
            "replacement": replacement,
            "appointments": len(plan.kept),
            "unlike": len(plan.unlike),
            "moved": moved,
            "closed": closed,
            "pages_off": list(plan.pages_off),
        }
        subject = f"agenda.visitreason:{row.pk}"
        audit.note(by=by, at=at, action="agenda.reason_retired", subject=subject, client=key, detail=detail)
        every_agenda(key, "agenda.changed", by=by, at=at, reason=row.pk)
    return plan


def _plan(row: VisitReason, other: VisitReason | None, *, at: datetime) -> Retirement:
    coming = appointment_views(_coming(row, at).order_by("starts_at", "pk"))
    unlike: tuple[AppointmentView, ...] = ()
    if other is not None:
        rule = reason_of(other)
        unlike = tuple(
            each
            for each in coming
            if (each.ends_at - each.starts_at).total_seconds() != rule.length(is_new=not each.known) * 60
        )
    pages = reason_uses.pages_of(row)
    return Retirement(
        reason=str(row.pk),
        replacement="" if other is None else str(other.pk),
        kept=coming,
        unlike=unlike,
        openings=len(_naming(row)),
        waiting=reason_uses.waiting_for(row).count(),
        pages=pages,
        pages_off=() if other is None or reason_uses.is_online(other) else pages,
    )


def _coming(row: VisitReason, at: datetime) -> Any:
    return Appointment.objects.filter(reason=row, starts_at__gte=at, state__in=[each.value for each in STANDING])


def _naming(row: VisitReason) -> list[OpeningPattern]:
    """The openings that name the reason."""
    return [each for each in OpeningPattern.objects.filter(client=row.client_id) if str(row.pk) in each.reasons]


def _offered(reason: str, *, client: int) -> VisitReason:
    row = VisitReason.objects.filter(client=client, pk=row_key(reason), retired_at=None).first()
    if row is None:
        raise VisitReasonUnknown(reason[:40])
    return row


def _replacement(row: VisitReason, replacement: str) -> VisitReason:
    other = VisitReason.objects.filter(client=row.client_id, pk=row_key(replacement), retired_at=None).first()
    if other is None or other.pk == row.pk:
        raise ReplacementImpossible(replacement[:40])
    return other


def _share(reason: kinds.VisitReason, *, client: int) -> None:
    """The agenda that its visits take too is locked with every other one from now on. Under the lock of all of them:
    nobody acts on one meanwhile.
    """
    if not reason.also:
        return
    if not Agenda.objects.filter(client=client, pk=row_key(reason.also), active=True).update(is_shared=True):
        raise AgendaUnknown(reason.also[:40])


def _fields(reason: kinds.VisitReason) -> dict[str, Any]:
    lists = reason.needs, reason.questions, reason.documents, reason.contra_indications
    numbers = (
        reason.notice,
        reason.horizon,
        reason.max_per_day,
        reason.max_per_half_day,
        reason.max_new_per_day,
        reason.youngest or 0,
        reason.oldest or 0,
    )
    if any(len(each) > MOST for each in lists) or not 0 <= min(numbers) <= max(numbers) <= LARGEST:
        raise SettingImpossible(f"lists of {[len(each) for each in lists]}, numbers {numbers}")
    return {
        "minutes": reason.minutes,
        "minutes_new": reason.minutes_new,
        "before": reason.before,
        "after": reason.after,
        "notice": reason.notice,
        "horizon": reason.horizon,
        "max_per_day": reason.max_per_day,
        "max_per_half_day": reason.max_per_half_day,
        "max_new_per_day": reason.max_new_per_day,
        "bookable_by": sorted(each.value for each in reason.bookable_by),
        "way": reason.way.value,
        "video_link": reason.video_link,
        "needs": [
            {"ids": list(each.ids), "kind": short(each.kind, 40), "before": each.before, "after": each.after}
            for each in reason.needs
        ],
        "also_id": row_key(reason.also) if reason.also else None,
        "sites": list(reason.sites),
        "questions": _questions(reason.questions),
        "documents": [short(each, TEXT_LIMIT) for each in reason.documents],
        "youngest": reason.youngest,
        "oldest": reason.oldest,
        "contra_indications": _questions(reason.contra_indications),
        "overbooking": reason.overbooking,
        "colour": reason.colour,
        "code": short(reason.code, kinds.CODE_LIMIT),
    }


def _questions(questions: tuple[kinds.Question, ...]) -> list[dict[str, str]]:
    return [{"id": short(each.id, 40), "text": short(each.text, TEXT_LIMIT)} for each in questions]
