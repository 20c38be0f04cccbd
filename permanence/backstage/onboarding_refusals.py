# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the page on which a client is set up says when an operation refuses, and beside which field."""

from datetime import date

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from permanence.backstage import onboarding_forms as forms
from permanence.clients import operations as clients
from permanence.clients.greetings import GreetingTie
from permanence.kernel.refusals import Refusal

REFUSALS: dict[str, str | Promise] = {
    "line_taken": _("This number is on another line already, or is the public number of a client."),
    "number_rests": _("This number is in quarantine after the contract of another client, until %(day)s."),
    "greeting_tie": _(
        "“%(phrase)s” is said at all moments too, by a rule of its own. "
        "Remove that rule, or give it fewer days or hours."
    ),
    "line_unknown": _("This line is not there any more."),
    "number_malformed": forms.NO_NUMBER,
    "caller_malformed": forms.NO_NUMBER,
    "public_number_ours": _("This is a number of the house itself. Write the number his callers dial."),
    "public_number_taken": _("Another line of the house has this public number."),
    "nothing_to_dial": _("Write down first the number his callers dial, and that more than busy calls come to us."),
    "proof_running": _("A test of this line is under way: wait for its end, or stop it."),
    "clock_malformed": _("Write the time as 08:30."),
}
"""What an operation that refuses says on the page; `told` fills in what it names."""
FIELDS = {
    "line_taken": "number",
    "number_rests": "number",
    "number_malformed": "number",
    "caller_malformed": "caller",
    "public_number_ours": "public_number",
    "public_number_taken": "public_number",
    "clock_malformed": "clock",
}
"""Beside which field it says so; else under the form."""


def told(refusal: Refusal) -> str:
    """The refusal in words, with what it names."""
    said = str(REFUSALS.get(refusal.code, refusal.why))
    match refusal:
        case clients.NumberRests():
            return said % {"day": date_format(date.fromisoformat(refusal.why), "SHORT_DATE_FORMAT")}
        case GreetingTie():
            return said % {"phrase": refusal.why}
    return said
