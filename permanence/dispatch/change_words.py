# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether a patient hears of what was just done with his appointment, in words, for whoever did it: he may be on the
line, so that she is asked to tell him, and not to telephone.
"""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from permanence.dispatch.cancel_queries import ToldOfCancelling
from permanence.dispatch.cancel_words import TOLD
from permanence.dispatch.move_queries import ToldOfMoving

MAIL, NOBODY = _("He is told of it by e-mail."), _("Nobody writes to him of it: tell him yourself.")
UNPROVED = _("A mail goes to an address that he did not prove: tell him yourself.")

MOVED: Mapping[ToldOfMoving, str | Promise] = {
    ToldOfMoving.MAIL: MAIL,
    ToldOfMoving.UNPROVED: UNPROVED,
    ToldOfMoving.NOBODY: NOBODY,
}
CANCELLED: Mapping[ToldOfCancelling, str | Promise] = {
    ToldOfCancelling.DECEASED: TOLD[ToldOfCancelling.DECEASED],
    ToldOfCancelling.MAIL: MAIL,
    ToldOfCancelling.UNPROVED: UNPROVED,
    ToldOfCancelling.CALENDAR: _("Only the entry in his calendar is withdrawn by e-mail: tell him yourself."),
    ToldOfCancelling.NOBODY: NOBODY,
}
