# SPDX-License-Identifier: AGPL-3.0-or-later
"""The rows of transmission: what is sent, and who was not reached."""

from permanence.dispatch.models.sent import (
    CalendarMail,
    ContactRule,
    Delivery,
    LateMail,
    LateNotice,
    OfferNotice,
    Reminder,
    Sms,
    SmsReply,
    SmsStop,
)
from permanence.dispatch.models.unreached import Unreached

__all__ = (
    "CalendarMail",
    "ContactRule",
    "Delivery",
    "LateMail",
    "LateNotice",
    "OfferNotice",
    "Reminder",
    "Sms",
    "SmsReply",
    "SmsStop",
    "Unreached",
)
