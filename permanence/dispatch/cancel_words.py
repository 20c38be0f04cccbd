# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether a patient hears of it when the house cancels, in words, for whoever is about to cancel."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from permanence.dispatch.cancel_queries import ToldOfCancelling

TOLD: Mapping[ToldOfCancelling, str | Promise] = {
    ToldOfCancelling.DECEASED: _("The patient has died: nobody writes to him or telephones."),
    ToldOfCancelling.MAIL: _("He booked online: he is told by e-mail."),
    ToldOfCancelling.UNPROVED: _("A mail goes to an address that he did not prove: telephone him."),
    ToldOfCancelling.CALENDAR: _(
        "The entry in his calendar is withdrawn by e-mail, nothing else is written to him: telephone him."
    ),
    ToldOfCancelling.NOBODY: _("Nobody writes to him: telephone him."),
}
