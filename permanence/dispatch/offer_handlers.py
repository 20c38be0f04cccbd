# SPDX-License-Identifier: AGPL-3.0-or-later
"""What transmission does when it hears of an offer of the waiting list, and of an answer to one."""

from permanence.agenda.events import OfferAnswered, SlotOffered
from permanence.dispatch import answer_operations, offer_operations
from permanence.dispatch.channels.sms.content import SmsKind
from permanence.dispatch.channels.sms.replies import Meaning
from permanence.dispatch.events import SmsAnswered, SmsFailed
from permanence.kernel.events import Event
from permanence.kernel.system import SystemEntropy


def on_slot_offered(_event_id: str, event: Event) -> None:
    """Tell whom it is offered to. Idempotent: once for each offer."""
    if not isinstance(event, SlotOffered):
        raise TypeError(f"expected SlotOffered, heard {type(event).__name__}")
    offer_operations.tell(house=event.house, offer=event.offer, at=event.at, entropy=SystemEntropy())


def on_offer_answered(_event_id: str, event: Event) -> None:
    """Whatever became of it, it can be answered no more. Idempotent."""
    if not isinstance(event, OfferAnswered):
        raise TypeError(f"expected OfferAnswered, heard {type(event).__name__}")
    offer_operations.close_question(house=event.house, offer=event.offer, at=event.at)


def on_sms_failed(_event_id: str, event: Event) -> None:
    """An offer's SMS did not reach him: a secretary telephones. Idempotent."""
    if not isinstance(event, SmsFailed):
        raise TypeError(f"expected SmsFailed, heard {type(event).__name__}")
    if event.kind == SmsKind.OFFER:
        offer_operations.not_reached(house=event.house, offer=event.about, at=event.at)


def on_sms_answered(_event_id: str, event: Event) -> None:
    """He takes or declines what an SMS offered him. Idempotent."""
    if not isinstance(event, SmsAnswered):
        raise TypeError(f"expected SmsAnswered, heard {type(event).__name__}")
    if event.kind == SmsKind.OFFER:
        yes = event.answer == Meaning.YES
        offer_operations.answer_by_sms(
            house=event.house, offer=event.about, yes=yes, at=event.at, entropy=SystemEntropy()
        )
        if not yes:
            answer_operations.tell_declined(
                house=event.house, sms=event.sms, offer=event.about, at=event.at, entropy=SystemEntropy()
            )
