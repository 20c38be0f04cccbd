# SPDX-License-Identifier: AGPL-3.0-or-later
"""What was done, with whom it was done for before it: as each language sets its colon."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _


def said_of(name: str, said: str | Promise) -> str:
    """The name, a colon, and what is said of him, in the language of the screen."""
    return _("%(name)s: %(said)s") % {"name": name, "said": said}
