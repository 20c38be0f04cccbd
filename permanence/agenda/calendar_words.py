# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a calendar of another product stands, in words: when it was read last, and why not since."""

from collections.abc import Mapping
from datetime import datetime, tzinfo

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from permanence.agenda.chosen_words import chosen_words
from permanence.agenda.interop import others
from permanence.agenda.interop.backends import CalendarFaulty
from permanence.agenda.queries.calendars import CalendarView
from permanence.agenda.rules.calendars import BackendKind
from permanence.foundation import moments
from permanence.foundation.outside import OutsideRefused
from permanence.kernel.refusals import Refusal

FAULTS: Mapping[str, str | Promise] = {
    "login": gettext_lazy("user or password are refused"),
    "gone": gettext_lazy("nothing is there any more"),
    "refused": gettext_lazy("it refuses to be read"),
    "broken": gettext_lazy("it has a fault of its own"),
    "no_calendar": gettext_lazy("what is there is no calendar"),
    "too_large": gettext_lazy("it is too large"),
    "too_many": gettext_lazy("it has too many events, or they repeat too often"),
    "not_written": gettext_lazy("bookings cannot be written there"),
    "seal_broken": gettext_lazy("the house cannot open its address: take it away and add it again"),
    "address_malformed": gettext_lazy("this is no address"),
    "address_login": gettext_lazy("user and password do not belong into the address"),
    "address_not_https": gettext_lazy("it is not reached by https"),
    "address_port": gettext_lazy("this port is not asked"),
    "address_private": gettext_lazy("it lies in a private network"),
    "name_unknown": gettext_lazy("there is no site of this name"),
    "unreachable": gettext_lazy("not reachable"),
    "tls_failed": gettext_lazy("its certificate is not trusted"),
    "too_slow": gettext_lazy("it does not answer in time"),
    "redirected": gettext_lazy("it leads from one address to the next without end"),
    "answer_malformed": gettext_lazy("its answer cannot be read"),
}
"""Why a look brought nothing, by code."""
KINDS: Mapping[BackendKind, str | Promise] = {
    BackendKind.FEED: gettext_lazy("Address to subscribe to (.ics)"),
    BackendKind.CALDAV: gettext_lazy("Calendar on a CalDAV server"),
}
"""The kinds that can be added."""


def state_words(view: CalendarView, *, zone: tzinfo, at: datetime) -> str:
    """One or two sentences."""
    why = str(FAULTS.get(view.fault, FAULTS["unreachable"]))
    if view.read_at is None:
        return _("Not read yet: %(why)s.") % {"why": why} if view.fault else _("It is being read for the first time.")
    when = moments.day_and_hour(view.read_at, zone, now=at)
    if view.fault:
        return _("Last read %(when)s; since then: %(why)s. What was known stays busy.") % {"when": when, "why": why}
    busy = ngettext("%(n)d busy time to come", "%(n)d busy times to come", view.busy) % {"n": view.busy}
    return _("Read %(when)s: %(busy)s.") % {"when": when, "busy": busy}


def unread_words(view: CalendarView) -> str:
    """What of it could not be understood; "" for nothing."""
    if not view.unread:
        return ""
    said = ngettext(
        "%(n)d event was not understood and makes nobody busy.",
        "%(n)d events were not understood and make nobody busy.",
        view.unread,
    )
    return said % {"n": view.unread}


def refused_words(refusal: Refusal) -> str:
    """Why a calendar was not found or not added. Raises what is no refusal of a person's."""
    if isinstance(refusal, CalendarFaulty):
        return _("The calendars were not found: %(why)s.") % {"why": FAULTS[refusal.fault.value]}
    if isinstance(refusal, OutsideRefused):
        return _("The address is not taken: %(why)s.") % {"why": FAULTS[refusal.code]}
    label = _("Write what the calendar is called: so it is told why a time is busy.")
    said = chosen_words(refusal, label=label) or {
        "too_many_calendars": _("There are %(limit)s already: take one away first.") % {"limit": others.MOST},
        "led_elsewhere": _(
            "That server says that the calendars are at %(host)s. If you trust it, give that as the server."
        )
        % {"host": refusal.why},
        "calendars_missing": _("This login has no calendar there."),
        "found_over": _("That was too long ago: give the server and the login once more."),
        "setting_impossible": _("User or password cannot be so."),
        "seal_broken": _("The house cannot open its address any more: take it away and add it again."),
    }.get(refusal.code)
    if said is None:
        raise refusal
    return said
