# SPDX-License-Identifier: AGPL-3.0-or-later
"""The words for what a test call showed, and what to try next: the back office and the alarms say the same."""

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from permanence.countries.numbers import spell_international
from permanence.kernel.phone import PhoneNumber
from permanence.switchboard.rules import Note, Why


class Told(NamedTuple):
    """What is so, and what to try next ("": nothing needs to be done)."""

    what: str
    next: str


_AGAIN = _("Dial the code once more on the client's telephone and wait for the voice or the tone that confirms it.")
_CARRIER = _("The forwarding itself may be in order. Look at the trunk in the back office, or ask our carrier.")

WHY: dict[Why, tuple[str | Promise, str | Promise]] = {
    Why.OTHER_LINE: (
        _("The call arrived on %(detail)s, another line of the house."),
        _("End the forwarding at the client's, then dial the code with the number shown here."),
    ),
    Why.NOBODYS_LINE: (
        _("The call arrived on %(detail)s, which is no line of a client."),
        _("Forward to the number shown here, or give that number to this client as a line."),
    ),
    Why.ANSWERED: (
        _("Somebody at the client's, or an answering machine, took the call: it was not forwarded."),
        _AGAIN,
    ),
    Why.BUSY: (
        _("The client's line was busy or refused the call, and it was not forwarded."),
        _("See that his telephone is hung up, then try again."),
    ),
    Why.NO_SUCH_NUMBER: (
        _("The carrier does not know the public number (%(detail)s)."),
        _("Look whether the public number above is written rightly."),
    ),
    Why.REFUSED: (_("The carrier refused the call (%(detail)s)."), _CARRIER),
    Why.RANG_OUT: (_("The client's telephone rang, and the call was not forwarded."), _AGAIN),
    Why.NOTHING_CAME: (
        _("No call arrived within five minutes."),
        _(
            "Call the client's public number, not the number of the house, from another telephone. If his "
            "rings: dial the code again."
        ),
    ),
    Why.HIDDEN: (
        _("A call came on the line at that moment, but without our number: nobody can say whether it was the test."),
        _("A carrier on the way hides who calls. Call the public number yourself while the house watches."),
    ),
    Why.NO_TRUNK: (
        _("The house has no carrier over which it could call."),
        _("Add one in the back office, or call the public number yourself while the house watches."),
    ),
    Why.CANNOT_DIAL: (_("The house could not make the call: %(detail)s."), _CARRIER),
    Why.EXCHANGE_ABSENT: (
        _("The telephone of the house did not answer, so no test call was made."),
        _("Try again in a minute."),
    ),
    Why.LOST: (_("How the test call ended was never told."), _("Try again.")),
}

NOTES: dict[Note, tuple[str | Promise, str | Promise]] = {
    Note.NONE: ("", ""),
    Note.UNNAMED: (
        _(
            "The carrier does not say from which number it was forwarded. That is usual and does no harm: the line is "
            "known by its own number."
        ),
        "",
    ),
    Note.OTHER_FORWARDER: (
        _("It was forwarded from %(detail)s, not from the public number above."),
        _("Where the client's number leads there by another one, all is well; else correct the public number."),
    ),
}

_DIRECTLY = _("A call arrived directly, as far as can be seen: forwarding is not proved yet.")
UNPROVED = (
    _DIRECTLY,
    _(
        "Call %(detail)s, not the number of the house. If that was the number called, his operator does not tell us "
        "that he forwards: then only a call of the house can prove it."
    ),
)
UNPROVED_UNKNOWN = (_DIRECTLY, _("Write down, under “His telephone”, the number that his callers dial, then call it."))


def why_words(why: Why, detail: str) -> Told:
    """Why a test failed, in the language of the reader."""
    return _filled(WHY[why], detail)


def note_words(note: Note, detail: str) -> Told:
    """What is worth knowing of a test that passed."""
    return _filled(NOTES[note], detail)


def direct_words(called: str) -> Told:
    """A call arrived while the house watched, and named no forwarding. `called`: the number to be forwarded, or ""."""
    return _filled(UNPROVED if called else UNPROVED_UNKNOWN, called)


def _filled(words: tuple[str | Promise, str | Promise], detail: str) -> Told:
    told = {"detail": spelt(detail)}
    return Told(str(words[0]) % told, str(words[1]) % told)


def spelt(number: str) -> str:
    """A number (E.164) with its country, in one piece; what is none as it is."""
    try:
        return spell_international(PhoneNumber(number)).replace(" ", "\u00a0")
    except ValueError:
        return number
