# SPDX-License-Identifier: AGPL-3.0-or-later
"""The words of the waiting list, as console and portal say them: what he would come to, where he stands, his offers."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from permanence.agenda.queries.agendas import SUNDAY
from permanence.agenda.queries.offers import OfferView
from permanence.agenda.queries.waiting import PlaceView
from permanence.agenda.rules.kinds import HalfDay
from permanence.agenda.rules.waiting import OfferState, OfferWay, PlaceState
from permanence.foundation import dates, moments

_MONDAY = date(2026, 1, 5)
WINDOWS = (
    (14, gettext_lazy("2 weeks")),
    (31, gettext_lazy("1 month")),
    (92, gettext_lazy("3 months")),
    (183, gettext_lazy("6 months")),
)
"""For how many days from today somebody may wait, as a secretary chooses."""
HALVES = ((HalfDay.MORNING, gettext_lazy("Morning")), (HalfDay.AFTERNOON, gettext_lazy("Afternoon")))
WEEKDAYS = (
    (0, gettext_lazy("Mon")),
    (1, gettext_lazy("Tue")),
    (2, gettext_lazy("Wed")),
    (3, gettext_lazy("Thu")),
    (4, gettext_lazy("Fri")),
    (5, gettext_lazy("Sat")),
    (SUNDAY, gettext_lazy("Sun")),
)
"""Those on which somebody may come; Sunday only where `agendas.opens_on_sundays`."""
WAYS = {
    OfferWay.SMS.value: pgettext_lazy("offered", "by SMS"),
    OfferWay.EMAIL.value: pgettext_lazy("offered", "by mail"),
    OfferWay.PHONE.value: pgettext_lazy("offered", "by telephone"),
    "": pgettext_lazy("offered", "not told yet"),
}
ENDS = {
    OfferState.OPEN: pgettext_lazy("offer", "waits for his answer"),
    OfferState.TAKEN: pgettext_lazy("offer", "taken"),
    OfferState.DECLINED: pgettext_lazy("offer", "declined"),
    OfferState.LAPSED: pgettext_lazy("offer", "no answer"),
    OfferState.WITHDRAWN: pgettext_lazy("offer", "taken back"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferWords:
    """One offer in words: which slot, when and how it was offered, what came of it and when."""

    slot: str
    offered: str
    ended: str


def wants_words(place: PlaceView) -> str:
    """What he would come to: "from 10 December, until 28 December, mornings, Mon Tue, Dr Dupont, Meinau"."""
    last = dates.say(place.until_date - timedelta(days=1), dates.Form.OF_MONTH)
    found = [_("until %(day)s") % {"day": last}]
    if place.from_date > place.asked_at.astimezone(ZoneInfo(place.time_zone)).date():
        found.insert(0, _("from %(day)s") % {"day": dates.say(place.from_date, dates.Form.OF_MONTH)})
    if len(place.half_days) == 1:
        found.append(_("in the morning") if HalfDay.MORNING in place.half_days else _("in the afternoon"))
    if place.weekdays:
        found.append(" ".join(date_format(_MONDAY + timedelta(days=day), "D") for day in sorted(place.weekdays)))
    return ", ".join((*found, *place.agendas, *place.sites))


def state_words(place: PlaceView, *, at: datetime) -> str:
    """Where he stands."""
    if place.state is PlaceState.BOOKED:
        return pgettext("waiting list", "booked")
    if place.state is PlaceState.WITHDRAWN:
        return _("no longer waits, said %(name)s") % {"name": place.state_by_name}
    if place.is_over(at):
        return _("his days are over: telephone him, then take him off")
    if place.silent:
        return ngettext(
            "left %(count)d offer without an answer", "left %(count)d offers without an answer", place.silent
        ) % {"count": place.silent}
    return pgettext("waiting list", "waits")


def night_words(offered_from: datetime, zone: ZoneInfo) -> str:
    """Why a time that is free is offered to nobody yet. `zone`: the client's."""
    return _("offered from %(hour)s: nobody is written to at night") % {"hour": moments.hour(offered_from, zone)}


def freed_at_night(offered_from: datetime | None, zone: ZoneInfo, *, has_ended: bool) -> str:
    """What becomes of a time that was given up at night (`operations.waiting_offers.AtNight`). `zone`: the client's."""
    if has_ended:
        return _("Its time is offered to nobody: the contract has ended.")
    if offered_from is None:
        return _("Its time is too near to be offered: it stands on the list of the secretaries.")
    return _("Its time is %(offered)s.") % {"offered": night_words(offered_from, zone)}


def offer_words(offer: OfferView, zone: ZoneInfo, *, at: datetime) -> OfferWords:
    """One offer in words. `zone`: the client's."""
    slot = {"when": moments.day_and_hour(offer.starts_at, zone, now=at), "agenda": offer.agenda_name}
    made = {"when": moments.day_and_hour(offer.offered_at, zone, now=at), "way": WAYS[offer.way]}
    ended = str(ENDS[offer.state])
    offered = _("offered %(when)s %(way)s") % made
    if offer.state is OfferState.OPEN and offer.way == OfferWay.PHONE:  # by a secretary, who may not have done it yet
        offered, ended = _("kept since %(when)s") % made, pgettext("offer", "to be telephoned")
    if offer.state is not OfferState.OPEN:
        when = moments.day_and_hour(offer.state_at, zone, now=at)
        by = f", {offer.state_by_name}" if offer.state_by_name else ""
        ended = f"{ended}, {when}{by}"
    return OfferWords(slot=_("%(when)s, %(agenda)s") % slot, offered=offered, ended=ended)


def offer_length(minutes: int) -> str:
    """For how long a time is offered, one of `rules.waiting.OFFER_MINUTES`."""
    if not minutes:
        return _("not at all: a secretary telephones")
    if minutes < 60:
        return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}
    return ngettext("%(count)d hour", "%(count)d hours", minutes // 60) % {"count": minutes // 60}
