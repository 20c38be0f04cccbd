# SPDX-License-Identifier: AGPL-3.0-or-later
"""Busy time without a patient: made and taken away. It never covers what is booked or held."""

from datetime import datetime, timedelta
from typing import Any

from permanence.agenda.events import TimeBlocked, TimeUnblocked
from permanence.agenda.models import Agenda, Block
from permanence.agenda.models.appointments import CAUSE_LENGTH
from permanence.agenda.operations.acts import filled, once, reach, short
from permanence.agenda.operations.holds import clear
from permanence.agenda.operations.taking import let_go, occupy_block
from permanence.agenda.queries.agendas import clients_seen, known_key
from permanence.agenda.queries.books import check_moment
from permanence.agenda.queries.views import BlockView, block_view
from permanence.agenda.refusals import BlockUnknown, SpanImpossible
from permanence.agenda.rules.kinds import LONGEST_BLOCK
from permanence.agenda.rules.states import Door
from permanence.foundation.who import Who

LONGEST = timedelta(minutes=LONGEST_BLOCK)


def block(
    *,
    key: str,
    agenda: str,
    starts_at: datetime,
    ends_at: datetime,
    by: Who,
    at: datetime,
    words: str = "",
    door: Door = Door.CONSOLE,
) -> BlockView:
    """The agenda is busy from one moment to another; `key`, made by the page, is the block's id.

    Raises AgendaUnknown, SpanImpossible, SlotAlreadyTaken (what is booked there has to be moved first), WordsTooLong,
    and those of `acts.once`.
    """
    check_span(starts_at, ends_at)
    row, said = reach(agenda, by=by), short(words, CAUSE_LENGTH)

    def do(rows: dict[int, Agenda]) -> dict[str, str]:
        kept = rows[row.pk]
        clear(kept, at=at)
        made = Block.objects.create(
            house_id=kept.house_id,
            client_id=kept.client_id,
            agenda=kept,
            key=key,
            starts_at=starts_at,
            ends_at=ends_at,
            words=said,
            door=door.value,
            made_by_name=by.name,
            made_at=at,
        )
        occupy_block(made)
        event = TimeBlocked(house=by.house, at=at, **told(made))
        filled(kept, action="agenda.blocked", subject=f"agenda.block:{made.pk}", by=by, at=at, event=event)
        return {"block": key}

    content = {"agenda": agenda, "starts_at": starts_at, "ends_at": ends_at, "words": said}
    result = once(act="block", key=key, agendas=[row], content=content, by=by, at=at, do=do)
    return block_view(Block.objects.for_house(by.house_key).get(key=result["block"]))


def unblock(*, key: str, block: str, by: Who, at: datetime) -> None:
    """The busy time is free again. Raises BlockUnknown, and those of `acts.once`."""
    found = Block.objects.for_house(by.house_key).select_related("agenda").filter(key=known_key(block)).first()
    if found is None or not clients_seen(by, [found.client_id]):
        raise BlockUnknown(block[:40])

    def do(rows: dict[int, Agenda]) -> dict[str, str]:
        if not Block.objects.filter(pk=found.pk, removed_at=None).update(removed_at=at):
            raise BlockUnknown(block[:40])
        let_go(found)
        event = TimeUnblocked(house=by.house, at=at, **told(found))
        kept = rows[found.agenda_id]
        filled(kept, action="agenda.unblocked", subject=f"agenda.block:{found.pk}", by=by, at=at, event=event)
        return {"block": found.key}

    once(act="unblock", key=key, agendas=[found.agenda], content={"block": block}, by=by, at=at, do=do)


def check_span(starts_at: datetime, ends_at: datetime) -> None:
    """Raises SpanImpossible."""
    check_moment(starts_at)
    check_moment(ends_at)
    if not starts_at < ends_at <= starts_at + LONGEST or starts_at.second or ends_at.second:
        raise SpanImpossible(f"{starts_at} to {ends_at}")


def told(row: Block) -> dict[str, Any]:
    """What every event of a busy time says."""
    return {
        "block": row.key,
        "client": str(row.client_id),
        "agenda": str(row.agenda_id),
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
    }
