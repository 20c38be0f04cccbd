# SPDX-License-Identifier: AGPL-3.0-or-later
"""Why no address and no password was made, in words: for the portal and the back office."""

from django.utils.translation import gettext as _

from permanence.agenda.interop import feeds
from permanence.agenda.refusals import LabelMissing, NamesNotChosen, TooManyFeeds, WordsTooLong
from permanence.kernel.refusals import Refusal


def refused_words(refusal: Refusal) -> str:
    """What is said of it. Raises what is no refusal of a person's."""
    match refusal:
        case LabelMissing():
            return _("Write where it will be used: this is how you find it again to revoke it.")
        case WordsTooLong():
            return _("At most %(limit)s characters.") % {"limit": feeds.LABEL_LIMIT}
        case NamesNotChosen():
            return _("Names are shown where he chose so himself: he does it in his portal.")
        case TooManyFeeds():
            return _("There are %(limit)s already: revoke one first.") % {"limit": feeds.MOST}
        case _other:
            raise refusal
