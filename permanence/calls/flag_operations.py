# SPDX-License-Identifier: AGPL-3.0-or-later
"""Red flags, noted with the call in which they were heard."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from permanence.calls import queries, rules
from permanence.calls.events import RedFlagNoted
from permanence.calls.models import CALL_LENGTH, FLAG_LENGTH, LABEL_LENGTH, RedFlagNote
from permanence.clients import queries as clients
from permanence.foundation import access, audit, live, outbox
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal


class FlagNoteUnfit(Refusal):
    """No such act on a red flag, a cause where there is none or none where one is needed, or names of no length."""

    code = "flag_note_unfit"


class FlagOfAnotherClient(Refusal):
    """The call was for another client than the one named."""

    code = "flag_of_another_client"


class NotAPersonOfTheHouse(Refusal):
    """Whoever notes it is a person of the house."""

    code = "not_of_this_house"


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagForm:
    """What the page tells: the call, the flag with its label as she saw it, a `rules.FlagAct`, a `rules.FlagCause`.

    `alerts`: with a flag that is heard, the id of the recipient whom it alerts, "" for nobody.
    """

    call: str
    flag: str
    label: str
    what: str
    cause: str = ""
    alerts: str = ""


@transaction.atomic
def note_red_flag(*, client: str, by: Who, at: datetime, form: FlagForm) -> bool:
    """Note with the call that a red flag was heard, or what became of it; again: the first note stays. Gives whether
    it is new.

    Raises FlagNoteUnfit, FlagOfAnotherClient, NotAPersonOfTheHouse, clients' ClientUnknown, foundation's NotHers.
    """
    access.demand(by, client=client, subject="calls.redflagnote")
    if by.person_key is None:
        raise NotAPersonOfTheHouse(by.house)
    lengths = ((form.call, CALL_LENGTH), (form.flag, FLAG_LENGTH), (form.label, LABEL_LENGTH))
    if not rules.fits(form.what, form.cause) or not all(0 < len(text) <= limit for text, limit in lengths):
        raise FlagNoteUnfit(form.what[:20])
    view = clients.client(house=by.house, client=client)
    if queries.client_of(house=by.house, call=form.call) not in {None, view.id}:
        raise FlagOfAnotherClient(form.call)
    row, new = RedFlagNote.objects.get_or_create(
        house_id=by.house_key,
        call=form.call,
        flag=form.flag,
        what=form.what,
        defaults={
            "client_id": int(view.id),
            "label": form.label,
            "cause": form.cause,
            "alerts_id": _alerted(view.id, form, by=by),
            "by_id": by.person_key,
            "at": at,
        },
    )
    if not new:
        return False
    detail = {"call": form.call, "flag": form.flag, "what": form.what, "cause": form.cause}
    subject = f"calls.redflagnote:{row.pk}"
    audit.note(by=by, at=at, action="call.red_flag", subject=subject, client=row.client_id, detail=detail)
    outbox.announce(RedFlagNoted(house=by.house, at=at, client=view.id, **detail))
    live.touch(f"house/{by.house}/calls", house_key=by.house_key, at=at)
    return True


def _alerted(client: str, form: FlagForm, *, by: Who) -> int | None:
    """Whom a flag that is heard alerts, of this client alone: the note is kept all the same where he is not there."""
    if form.what != rules.FlagAct.HEARD or not form.alerts:
        return None
    try:
        return int(clients.recipient(house=by.house, client=client, recipient=form.alerts).id)
    except clients.RecipientUnknown:
        return None
