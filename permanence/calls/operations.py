# SPDX-License-Identifier: AGPL-3.0-or-later
"""Acts of persons on the record of a call."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import Q

from permanence.calls.events import VoiceMessageReceived
from permanence.calls.models import Call
from permanence.foundation import access, audit, live, outbox
from permanence.foundation.keys import row_key
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal


class CallUnknown(Refusal):
    """No such call in this house."""

    code = "call_unknown"


@transaction.atomic
def mark_called_back(*, call: str, by: Who, at: datetime) -> None:
    """The caller was called back: he leaves the list. Marked already: the first mark stays.

    Raises CallUnknown, foundation's NotHers.
    """
    row = _locked(call, by)
    if row.called_back_at is not None:
        return
    row.called_back_at, row.called_back_by_id = at, by.person_key
    row.save(update_fields=["called_back_at", "called_back_by"])
    _note(row, "call.called_back", by=by, at=at)


@transaction.atomic
def undo_called_back(*, call: str, by: Who, at: datetime) -> None:
    """He was not called back after all: he is on the list again. Raises CallUnknown, foundation's NotHers."""
    row = _locked(call, by)
    if row.called_back_at is None:
        return
    row.called_back_at = row.called_back_by = None
    row.save(update_fields=["called_back_at", "called_back_by"])
    _note(row, "call.called_back_undone", by=by, at=at)


@transaction.atomic
def note_export(*, client: str, first: date, last: date, by: Who, at: datetime) -> None:
    """Note in the audit trail that a person took a client's calls of those days out of the house."""
    detail = {"first": first.isoformat(), "last": last.isoformat()}
    audit.note(by=by, at=at, action="calls.exported", subject=f"clients.client:{client}", client=client, detail=detail)


@transaction.atomic
def find_voice_message(*, house: str, call: str, file: str, seconds: float, at: datetime) -> bool:
    """A recording of this call stands in the spool and nothing was heard of it: announce it as the engine would have.

    Gives whether it was announced: not while the call goes on, and not when it was before.
    """
    row = Call.objects.for_house(house).select_for_update().filter(call=call).first()
    if row is None or row.ended_at is None or row.voice_file:
        return False
    row.voice_file, row.voice_seconds = file[:120], seconds
    row.save(update_fields=["voice_file", "voice_seconds"])
    client = None if row.client_id is None else str(row.client_id)
    outbox.announce(
        VoiceMessageReceived(house=house, at=at, call=call, client=client, file=row.voice_file, seconds=seconds)
    )
    live.touch(f"house/{house}/calls", house_key=row.house_id, at=at)
    return True


def note_outcome(*, house: str, call: str, outcome: str, client: str = "") -> None:
    """What became of a call, by what was done with it, until she says it herself: her word comes later and stands.
    `client`: for whom it was done, "" where that is no matter.

    Nothing where the call is not known yet, has its outcome, or is another client's.
    """
    rows = Call.objects.for_house(house).filter(call=call, outcome="")
    if client:
        rows = rows.filter(Q(client=None) | Q(client=row_key(client)))
    rows.update(outcome=outcome)


def revise_outcome(*, house: str, call: str, among: frozenset[str], outcome: str) -> None:
    """What was done with a call is something else now: an outcome out of `among` is replaced, any other word stands."""
    Call.objects.for_house(house).filter(call=call, outcome__in=sorted(among)).update(outcome=outcome)


def _locked(call: str, by: Who) -> Call:
    row = Call.objects.for_house(by.house).select_for_update().filter(call=call).first()
    if row is None:
        raise CallUnknown(call)
    access.demand(by, client=None if row.client_id is None else str(row.client_id), subject=f"calls.call:{row.pk}")
    return row


def _note(row: Call, action: str, *, by: Who, at: datetime, detail: dict[str, str] | None = None) -> None:
    audit.note(by=by, at=at, action=action, subject=f"calls.call:{row.pk}", client=row.client_id, detail=detail)
    live.touch(f"house/{by.house}/calls", house_key=by.house_key, at=at)
