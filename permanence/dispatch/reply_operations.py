# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a secretary makes of an answer by SMS that is neither yes nor no: the visit is confirmed, moved or cancelled."""

from datetime import datetime

from django.db import transaction

from permanence.agenda.operations import appointments, offer_answers, visits
from permanence.agenda.rules.states import AppointmentState, CancelCause
from permanence.agenda.rules.waiting import OfferState
from permanence.clients import queries as clients
from permanence.dispatch import offer_operations
from permanence.dispatch.channels.sms.replies import Meaning
from permanence.dispatch.models import SmsReply
from permanence.dispatch.reply_queries import ReplyView, view
from permanence.dispatch.rules import ReplyOutcome
from permanence.foundation import audit
from permanence.foundation.keys import row_key
from permanence.foundation.who import Who
from permanence.kernel.clock import Entropy
from permanence.kernel.refusals import Refusal


class ReplyUnknown(Refusal):
    """No such answer that somebody has to read, or somebody has done it meanwhile."""

    code = "reply_unknown"


class NothingToAnswer(Refusal):
    """It is about no visit and no offer: there is nothing to confirm, to move or to cancel."""

    code = "nothing_to_answer"


def ask_a_person(*, house_key: int, sms: str) -> None:
    """The last answer to that SMS was understood, and yet nothing can come of it: a secretary reads it. Idempotent."""
    said = SmsReply.objects.for_house(house_key).filter(sms__key=sms).exclude(meaning=Meaning.THANKS)
    rows = said.order_by("-at", "-pk")
    SmsReply.objects.filter(pk__in=list(rows.values_list("pk", flat=True)[:1])).update(asks=True)


def settle_reply(*, reply: str, outcome: ReplyOutcome, key: str, by: Who, at: datetime, entropy: Entropy) -> ReplyView:
    """It is read, and this comes of it; `key` is the id of the act on the visit. MOVED leaves the visit where it is:
    she moves it in the agenda. Who wanted an offered time is told by SMS that it is booked.

    Raises ReplyUnknown, NothingToAnswer, and those of the agenda's acts: then nothing was changed.
    """
    rows = SmsReply.objects.for_house(by.house_key).filter(pk=row_key(reply), asks=True)
    row = rows.select_related("sms", "client").first()
    if row is None or str(row.client_id) not in clients.clients_visible_to(by):
        raise ReplyUnknown(reply[:20])
    found = view(row, by=by)
    with transaction.atomic():
        done = {"done_at": at, "done_by_name": by.name, "outcome": outcome.value}
        if not SmsReply.objects.filter(pk=row.pk, done_at=None).update(**done):
            raise ReplyUnknown(reply[:20])
        if outcome is not ReplyOutcome.DONE:
            _carry_out(found, outcome, key=key, by=by, at=at, entropy=entropy)
        subject = f"dispatch.smsreply:{row.pk}"
        detail = {"outcome": outcome.value}
        audit.note(by=by, at=at, action="sms.reply_settled", subject=subject, client=row.client_id, detail=detail)
    return found


def _carry_out(found: ReplyView, outcome: ReplyOutcome, *, key: str, by: Who, at: datetime, entropy: Entropy) -> None:
    visit, offer = found.visit, found.offer
    if visit is None and (offer is None or outcome is ReplyOutcome.MOVED):
        raise NothingToAnswer(found.reply)
    if offer is not None:
        if outcome is not ReplyOutcome.CONFIRMED:
            offer_answers.decline(offer=offer.offer, by=by, at=at)
            return
        offer_answers.take(offer=offer.offer, by=by, at=at)
        if offer.state is OfferState.OPEN:  # else it was his already, and he was told so
            offer_operations.say_booked(offer, by=by, at=at, entropy=entropy)
    elif visit is not None and outcome is ReplyOutcome.CANCELLED:
        appointments.cancel(key=key, appointment=visit.appointment, cause=CancelCause.PATIENT, by=by, at=at)
    elif visit is not None and outcome is ReplyOutcome.CONFIRMED and visit.state is not AppointmentState.CONFIRMED:
        visits.confirm(key=key, appointment=visit.appointment, by=by, at=at)
