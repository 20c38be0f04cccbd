# SPDX-License-Identifier: AGPL-3.0-or-later
"""The words for urgency and state, translated: console and portal say the same."""

from datetime import timedelta, tzinfo

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from permanence.calls.flag_queries import HeardAlert
from permanence.foundation import moments
from permanence.messaging.rules import Box, MessageState, PersonAct, Urgency

URGENCY = {
    Urgency.INFORMATION: gettext_lazy("Information"),
    Urgency.TODAY: gettext_lazy("Today"),
    Urgency.URGENT: gettext_lazy("Urgent"),
}


def passed_on(alert: HeardAlert, typed: str, *, language: str) -> str:
    """The text of an alert that the house passes on, in the client's language: what was heard, that she did not send
    it, and what she had `typed`."""
    with translation.override(language or None):
        said = _("said to the caller") if alert.said else _("nothing was said")
        lines = [
            _("Red flag: %(label)s (%(said)s)") % {"label": alert.label, "said": said},
            _("Passed on by the answering service: %(secretary)s had not finished the message.")
            % {"secretary": alert.by_name},
        ]
    return "\n\n".join(filter(None, ("\n".join(lines), typed)))


def track_state(state: MessageState) -> str:
    """The name `design/track.html` knows: waiting, sent, unknown, delivered, read, acknowledged, failed."""
    if state.failed is not None:
        return "failed"
    if state.reached is None:
        return "waiting"
    return "unknown" if state.delivery_unknown else state.reached.value


def state_sentence(state: MessageState, zone: tzinfo) -> str:
    """One sentence for the four boxes: what happened last, and when, on the clock of `zone`."""
    when = moments.hour(state.since, zone)
    if state.failed is Box.SENT:
        return _("Not sent: %(why)s") % {"why": failure_words(state.failure)}
    if state.failed is Box.DELIVERED:
        return _("Came back: %(why)s") % {"why": failure_words(state.failure)}
    if state.reached is Box.ACKNOWLEDGED:
        return _("Acknowledged by %(name)s at %(when)s") % {"name": state.acknowledged_by[0].name, "when": when}
    if state.reached is Box.READ:
        return _("Read by %(name)s at %(when)s, not acknowledged yet") % {"name": state.read_by[0].name, "when": when}
    if state.reached is Box.DELIVERED:
        return _("Delivered at %(when)s") % {"when": when}
    if state.reached is Box.SENT:
        return _("Sent at %(when)s, delivery unknown") % {"when": when}
    return _("Being sent") if settings.PERMANENCE.mail_is_set else _("In the portal, without e-mail")


def others_sentence(act: PersonAct, zone: tzinfo) -> str:
    """What is said beside the boxes about a person for whom the message was not meant."""
    return _("%(name)s acknowledged at %(when)s, not for the recipient") % {
        "name": act.name,
        "when": moments.hour(act.at, zone),
    }


def failure_words(failure: str) -> str:
    """A failure's reason: our own codes in words, a relay's reply as it is."""
    if failure == "no_address":
        return _("no address is known for this recipient")
    if failure == "no_mail_server":
        return _("this house has no mail server yet, and the recipient has no access to the portal")
    return failure or _("no reason was given")


def age_words(age: timedelta) -> str:
    """An age in a list: "12 min", "1 h 04", "3 days"."""
    minutes = max(int(age.total_seconds()), 0) // 60
    if minutes < 60:
        return _("%(minutes)d min") % {"minutes": minutes}
    if minutes < 24 * 60:
        return _("%(hours)d h %(minutes)02d") % {"hours": minutes // 60, "minutes": minutes % 60}
    days = minutes // (24 * 60)
    return ngettext("%(days)d day", "%(days)d days", days) % {"days": days}
