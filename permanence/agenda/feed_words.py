# SPDX-License-Identifier: AGPL-3.0-or-later
"""Why no address and no password was made, in words: for the portal and the back office."""

from django.utils.translation import gettext as _

from permanence.agenda.chosen_words import chosen_words
from permanence.agenda.interop import feeds
from permanence.agenda.refusals import TooManyFeeds
from permanence.kernel.refusals import Refusal


def refused_words(refusal: Refusal) -> str:
    """What is said of it. Raises what is no refusal of a person's."""
    if isinstance(refusal, TooManyFeeds):
        return _("There are %(limit)s already: revoke one first.") % {"limit": feeds.MOST}
    label = _("Write where it will be used: this is how you find it again to revoke it.")
    said = chosen_words(refusal, label=label)
    if said is None:
        raise refusal
    return said
