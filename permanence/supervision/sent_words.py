# SPDX-License-Identifier: AGPL-3.0-or-later
"""What patients were told, in words: kind, state, length and price. None of them is of the text or of health."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from permanence.countries.numbers import spell_number
from permanence.dispatch.rules import NOT_DELIVERED, STOPPED, TOO_LATE, SentKind, SentState
from permanence.dispatch.sent_queries import SentView, Spent
from permanence.foundation import moments
from permanence.kernel.phone import PhoneNumber

KINDS: Mapping[SentKind, str | Promise] = {
    SentKind.CODE: gettext_lazy("Code for booking"),
    SentKind.REMINDER: gettext_lazy("Reminder"),
    SentKind.LATE: gettext_lazy("The doctor is late"),
    SentKind.OFFER: gettext_lazy("Offer of the waiting list"),
    SentKind.BOOKED: pgettext_lazy("what a patient was told", "Booked"),
    SentKind.OVER: gettext_lazy("Offer no longer open"),
    SentKind.MOVED: pgettext_lazy("what a patient was told", "Moved"),
    SentKind.CANCELLED: pgettext_lazy("what a patient was told", "Cancelled"),
    SentKind.MOVE: gettext_lazy("Link to choose another moment"),
    SentKind.CONFIRMED: pgettext_lazy("what a patient was told", "Confirmed"),
    SentKind.DECLINED: gettext_lazy("Offer declined"),
    SentKind.UNCLEAR: gettext_lazy("His reply is read by a secretary"),
    SentKind.CALENDAR: gettext_lazy("Entry for his calendar"),
}
CHANNELS: Mapping[str, str | Promise] = {
    "sms": gettext_lazy("SMS"),
    "email": pgettext_lazy("how a patient is told", "e-mail"),
    "": "–",
}
STATES: Mapping[SentState, tuple[str | Promise, str]] = {
    SentState.WAITING: (gettext_lazy("to be sent"), ""),
    SentState.AGAIN: (gettext_lazy("tried in vain, is tried again"), "warn"),
    SentState.SENT: (pgettext_lazy("what a patient was told", "sent"), ""),
    SentState.DELIVERED: (pgettext_lazy("what a patient was told", "delivered"), ""),
    SentState.FAILED: (gettext_lazy("could not be sent"), "danger"),
    SentState.BOUNCED: (gettext_lazy("did not arrive"), "danger"),
    SentState.NO_WAY: (gettext_lazy("agreed to neither SMS nor e-mail"), "warn"),
    SentState.OVERTAKEN: (gettext_lazy("no longer needed"), ""),
}
ENCODINGS = {"gsm7": "GSM-7", "ucs2": "UCS-2"}
MICROS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnSent:
    """One row. `when` on the client's clock; `again`: when it is tried, "" for no more; `why` beside the state;
    `length` in parts and `price` of an SMS, "" for others and for what was not given to the provider.
    """

    row: SentView
    when: str
    to: str
    kind: str
    channel: str
    state: str
    tone: str
    again: str
    why: str
    length: str
    price: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnSum:
    """What the SMS of one client came to."""

    row: Spent
    price: str


def drawn(row: SentView, *, at: datetime) -> DrawnSent:
    """The row in the language of the page."""
    zone, (state, tone) = ZoneInfo(row.time_zone), STATES[row.state]
    return DrawnSent(
        row=row,
        when=moments.day_and_hour(row.at, zone, now=at),
        to=spell_number(PhoneNumber(row.address), country=row.country) if row.channel == "sms" else row.address,
        kind=str(KINDS[row.kind]),
        channel=str(CHANNELS[row.channel]),
        state=str(state),
        tone=tone,
        again="" if row.again_at is None else moments.day_and_hour(row.again_at, zone, now=at),
        why=_why(row),
        length=_length(row),
        price=price(row.price_micros, row.currency),
    )


def drawn_sums(rows: Iterable[Spent]) -> list[DrawnSum]:
    """The sums, and below them one of all for each currency where there are several clients."""
    found = list(rows)
    drawn_rows = [DrawnSum(row=each, price=price(each.price_micros, each.currency)) for each in found]
    for currency in sorted({each.currency for each in found}):
        mine = [each for each in found if each.currency == currency]
        if len(mine) > 1:
            micros = sum(each.price_micros for each in mine)
            whole = Spent(
                client="",
                client_name="",
                currency=currency,
                messages=sum(each.messages for each in mine),
                parts=sum(each.parts for each in mine),
                price_micros=micros,
            )
            drawn_rows.append(DrawnSum(row=whole, price=price(micros, currency)))
    return drawn_rows


def price(micros: int, currency: str) -> str:
    """Millionths of a currency as an amount, to the hundredth and as far below as there is something; "" for none."""
    if not currency:
        return ""
    amount = Decimal(micros) / MICROS
    places = max(2, -int(amount.normalize().as_tuple().exponent))
    return f"{number_format(amount, places, force_grouping=True)}\u00a0{currency}"


def _length(row: SentView) -> str:
    if not row.parts:
        return ""
    parts = ngettext("%(n)d part", "%(n)d parts", row.parts) % {"n": row.parts}
    return f"{parts}, {ENCODINGS.get(row.encoding, row.encoding)}"


def _why(row: SentView) -> str:
    """Why he was not told, or not yet. A server's own words are shown as they are."""
    if row.state not in NOT_DELIVERED | {SentState.AGAIN} or row.state is SentState.NO_WAY:
        return ""
    return {TOO_LATE: _("it came too late"), STOPPED: _("he answered STOP")}.get(row.why, row.why)
