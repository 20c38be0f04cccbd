# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who answers a reminder by SMS that another moment suits him better is told where he chooses one."""

from datetime import datetime

from permanence.agenda.queries import appointments as agenda
from permanence.clients import queries as clients
from permanence.dispatch import sms_operations
from permanence.dispatch.channels.sms.content import SmsKind, Words
from permanence.dispatch.models import Reminder, Sms
from permanence.dispatch.other_moments import choices_of
from permanence.dispatch.reminder_operations import ReminderOver, ReminderUnknown, holds, link_of
from permanence.dispatch.sms_reach import NoConsent, NoMobile, SmsOff
from permanence.foundation.operations import house_system
from permanence.kernel.clock import Entropy


def tell_choices(*, key: str, at: datetime, entropy: Entropy) -> None:
    """He answered that another moment suits him better: an SMS with the link where he chooses one, once a reminder.

    Raises ReminderUnknown, and ReminderOver where he cannot: it is another visit now, nothing else is free, no SMS
    reaches him, or he has had the link.
    """
    row = Reminder.objects.select_related("house").filter(key=key).first()
    if row is None:
        raise ReminderUnknown(key[:40])
    by = house_system(house=row.house.slug)
    visit = agenda.appointment(by=by, appointment=row.appointment)
    account = clients.client(house=by.house, client=str(row.client_id))
    told = Sms.objects.for_house(row.house_id).filter(about=row.key, kind=SmsKind.MOVE)
    if not holds(row, visit, at=at) or told.exists() or not choices_of(visit, account, by=by, at=at):
        raise ReminderOver(row.key)
    try:
        sms_operations.send_sms(
            kind=SmsKind.MOVE,
            client=account.id,
            patient=visit.patient,
            about=row.key,
            words=Words(house="", at=row.starts_at, link=f"{link_of(row.key)}?move=1"),
            expires_at=row.starts_at,
            by=by,
            at=at,
            entropy=entropy,
        )
    except (SmsOff, NoConsent, NoMobile) as refusal:
        raise ReminderOver(row.key) from refusal
