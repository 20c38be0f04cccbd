# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is said of a client's red flags where he goes live or his script is published: that none holds, and why.

Nothing is refused for it: a house may answer for a doctor who has not validated his list yet, and must know it.
"""

from datetime import datetime

from django.utils.translation import gettext as _

from permanence.clients.queries import ClientView
from permanence.clients.rules.script import read_text
from permanence.clients.script_queries import script_entry
from permanence.clients.validation_queries import flag_lists
from permanence.reception.table import ScriptEntry


def hold_any(script: ScriptEntry | None) -> bool:
    """Whether a red flag holds in the script that the telephone has."""
    read = None if script is None else read_text(script.text)[0]
    return read is not None and bool(read.red_flags)


def warning(view: ClientView, *, house: str, holds: bool, at: datetime) -> str:
    """Why nothing warns the secretary of an emergency; "" where a red flag `holds`, and of who is not of health.

    Four queries at most.
    """
    if holds or not view.health:
        return ""
    written = [each for each in flag_lists(house=house, client=view.id, at=at) if each.script.red_flags]
    if any(each.validation is None for each in written):
        return _(
            "No red flag is in force: those of his script wait until the doctor validates them. "
            "Until then nothing warns the secretary of an emergency."
        )
    if written:
        return _(
            "No red flag is in force: those that the doctor validated hold once their version is published. "
            "Until then nothing warns the secretary of an emergency."
        )
    return _("No red flag is in force, and none is written in his script: nothing warns the secretary of an emergency.")


def warning_of(view: ClientView, *, house: str, at: datetime) -> str:
    """The same where it is not known yet what holds: two queries more."""
    if not view.health:
        return ""
    return warning(view, house=house, holds=hold_any(script_entry(house=house, client=int(view.id))), at=at)


def once_published(*, house: str, client: str, at: datetime) -> str:
    """What becomes of the red flags of the version that was just published; "" where the doctor validated them, and
    where it has none. Six queries at most.
    """
    lists = flag_lists(house=house, client=client, at=at)
    waits = any(not each.draft and each.script.red_flags and each.validation is None for each in lists)
    if not waits:
        return ""
    if hold_any(script_entry(house=house, client=int(client))):
        return _(
            "Its red flags are new: they wait until the doctor validates them, and those he validated before hold."
        )
    return _("Its red flags wait until the doctor validates them: before that none of them holds.")
