# SPDX-License-Identifier: AGPL-3.0-or-later
"""Why what was chosen for an address, a device or a calendar kept elsewhere is not taken, in words."""

from django.utils.translation import gettext as _

from permanence.agenda.models.interop import LABEL_LENGTH
from permanence.agenda.refusals import HomesNotChosen, LabelMissing, NamesNotChosen, WordsTooLong
from permanence.kernel.refusals import Refusal


def chosen_words(refusal: Refusal, *, label: str) -> str | None:
    """What is said of it; `label`: where it is called nothing. None for a refusal of something else."""
    match refusal:
        case LabelMissing():
            return label
        case WordsTooLong():
            return _("At most %(limit)s characters.") % {"limit": LABEL_LENGTH}
        case HomesNotChosen():
            return _("Addresses of visits at home are written where he chose so himself: he does it in his portal.")
        case NamesNotChosen():
            return _("Names are shown where he chose so himself: he does it in his portal.")
        case _other:
            return None
