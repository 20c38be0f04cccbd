# SPDX-License-Identifier: AGPL-3.0-or-later
"""A mail to a patient that comes back: a secretary telephones him, as where an SMS comes back."""

from datetime import timedelta

import pytest

from permanence.agenda.rules.waiting import OfferState, OfferWay
from permanence.dispatch import late_operations, late_tasks, offer_tasks, operations
from permanence.dispatch.channels.email.receipts import Receipt, ReceiptAction
from permanence.dispatch.channels.sms.content import SmsKind
from permanence.dispatch.models import LateMail, OfferNotice, Reminder, Unreached
from permanence.dispatch.rules import DeliveryState, ReminderState
from permanence.dispatch.unreached_queries import open_unreached
from permanence.kernel.system import SystemEntropy
from tests.rooms.agenda_cast import MONDAY, make_agenda_cast
from tests.rooms.messaging_cast import NOON
from tests.rooms.reminders_cast import DUE, book, patient_says, relay, rule, send
from tests.rooms.waiting_cast import LATER, booked, cancelled, last_offer, person, place, pursue, waits

__all__ = ["relay"]

pytestmark = pytest.mark.django_db
WHY = "5.1.1 unknown"


@pytest.fixture
def cast():
    made = make_agenda_cast()
    patient_says(made, mail=True)
    return made


def receipt(row, action=ReceiptAction.FAILED, *, at):
    assert operations.is_ours(row.key)
    return operations.take_receipt(Receipt(key=row.key, action=action, why=WHY), at=at)


def to_telephone(cast, at):
    return [(each.kind, each.visit.starts_at) for each in open_unreached(by=cast.claire, at=at)]


def test_a_reminder_that_comes_back(cast, relay, deliver_all):
    rule(cast, 48)
    book(cast)
    deliver_all(NOON)
    assert not operations.take_receipt(Receipt(key="k" * 26, action=ReceiptAction.FAILED, why=WHY), at=NOON)
    send(DUE, relay)
    row = Reminder.objects.get()
    assert not receipt(row, ReceiptAction.DELAYED, at=DUE)
    assert not receipt(row, ReceiptAction.DELIVERED, at=DUE)  # it stands as sent: there is no more to say of it
    assert receipt(row, at=DUE)
    row.refresh_from_db()
    assert (row.state, row.why, row.sent_at) == (ReminderState.FAILED, WHY, DUE)
    assert to_telephone(cast, DUE) == [(SmsKind.REMINDER, MONDAY)]
    assert not receipt(row, at=DUE)
    assert len(to_telephone(cast, DUE)) == 1


def offered(cast, relay, deliver_all):
    visit = booked(cast, MONDAY)
    mine = waits(cast, person(cast, "Zyrianka"))
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    assert offer_tasks.run_offers(at=LATER, relay=relay.settings) == 1
    return mine


def test_an_offer_that_comes_back_while_it_is_kept_for_him(cast, relay, deliver_all):
    mine = offered(cast, relay, deliver_all)
    assert receipt(OfferNotice.objects.get(), at=LATER)
    assert (OfferNotice.objects.get().state, OfferNotice.objects.get().why) == (DeliveryState.BOUNCED, WHY)
    assert last_offer().way == OfferWay.PHONE
    pursue(deliver_all, last_offer().expires_at)
    assert (last_offer().state, place(mine).silent) == (OfferState.LAPSED, 0)


def test_an_offer_that_comes_back_when_it_is_over_puts_nobody_behind(cast, relay, deliver_all):
    mine = offered(cast, relay, deliver_all)
    over = last_offer().expires_at
    pursue(deliver_all, over)
    assert place(mine).silent == 1
    assert receipt(OfferNotice.objects.get(), at=over + timedelta(minutes=5))
    assert (last_offer().state, place(mine).silent) == (OfferState.LAPSED, 0)


def test_an_offer_that_arrived_counts_as_one(cast, relay, deliver_all):
    mine = offered(cast, relay, deliver_all)
    assert receipt(OfferNotice.objects.get(), ReceiptAction.DELIVERED, at=LATER)
    assert not receipt(OfferNotice.objects.get(), at=LATER)
    assert (OfferNotice.objects.get().state, last_offer().way) == (DeliveryState.DELIVERED, OfferWay.EMAIL)
    pursue(deliver_all, last_offer().expires_at)
    assert place(mine).silent == 1


def test_a_late_notice_that_comes_back(cast, relay):
    book(cast, 60)
    told = {"key": "late-act-00000001", "agenda": cast.dupont, "minutes": 40, "by": cast.claire, "at": MONDAY}
    late_operations.tell_late(**told, entropy=SystemEntropy())
    assert late_tasks.run_late(at=MONDAY, relay=relay.settings) == 1
    row = LateMail.objects.get()
    assert receipt(row, at=MONDAY)
    row.refresh_from_db()
    assert (row.state, row.why) == (DeliveryState.BOUNCED, WHY)
    assert Unreached.objects.get().key == row.key
    assert not receipt(row, ReceiptAction.DELIVERED, at=MONDAY)
