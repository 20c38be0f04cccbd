# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is said of a client's red flags where he goes live or his script is published: `clients.unflagged` in words."""

from django.utils.translation import gettext as _

from permanence.clients.unflagged import NewFlags, Unflagged


def warning(why: Unflagged | None) -> str:
    """That nothing warns the secretary of an emergency, and why; "" for None."""
    match why:
        case None:
            return ""
        case Unflagged.NOT_VALIDATED:
            return _(
                "No red flag is in force: those of his script wait until the doctor validates them. "
                "Until then nothing warns the secretary of an emergency."
            )
        case Unflagged.NOT_PUBLISHED:
            return _(
                "No red flag is in force: those that the doctor validated hold once their version is published. "
                "Until then nothing warns the secretary of an emergency."
            )
        case Unflagged.NONE_WRITTEN:
            return _(
                "No red flag is in force, and none is written in his script: "
                "nothing warns the secretary of an emergency."
            )


def once_published(new: NewFlags | None) -> str:
    """What becomes of the red flags of the version that was just published; "" for None."""
    match new:
        case None:
            return ""
        case NewFlags.EARLIER_HOLD:
            return _(
                "Its red flags are new: they wait until the doctor validates them, and those he validated before hold."
            )
        case NewFlags.NONE_HOLDS:
            return _("Its red flags wait until the doctor validates them: before that none of them holds.")
