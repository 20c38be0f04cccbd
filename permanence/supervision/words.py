# SPDX-License-Identifier: AGPL-3.0-or-later
"""Codes of the engine in the words of the screens."""

from collections.abc import Iterable

from django.conf.locale import LANG_INFO
from django.utils.translation import get_language, get_language_info, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _

from permanence.calls.queries import CallRow, OfferRow
from permanence.reception.events import UNREAD_NOBODY, UNREAD_WAITED, Reason

OUTCOMES = {
    "message": pgettext_lazy("outcome", "Message"),
    "information": pgettext_lazy("outcome", "Information given"),
    "wrong_number": pgettext_lazy("outcome", "Wrong number"),
    "no_words": pgettext_lazy("outcome", "Nobody spoke"),
    "appointment_booked": pgettext_lazy("outcome", "Appointment booked"),
    "appointment_moved": pgettext_lazy("outcome", "Appointment moved"),
    "appointment_cancelled": pgettext_lazy("outcome", "Appointment cancelled"),
}

_BY = {
    "caller": gettext_lazy("The caller hung up"),
    "secretary": gettext_lazy("The secretary hung up"),
    "system": gettext_lazy("Ended by the telephone"),
}

_WHY = {
    "abandoned": gettext_lazy("The caller hung up before an answer"),
    "closed": gettext_lazy("The client was closed"),
    "max_wait": gettext_lazy("Nobody answered within the longest wait"),
    "suspended": gettext_lazy("Calls for the client are not answered"),
    "line_lost": gettext_lazy("The secretary's line was lost"),
    "media_lost": gettext_lazy("The sound was lost"),
    "exchange_lost": gettext_lazy("The telephone had to be restarted"),
    "refused": gettext_lazy("The call was refused"),
    "revoked": gettext_lazy("The secretary's access was withdrawn"),
}

_HOW = {
    "missed": gettext_lazy("missed by %(name)s"),
    "declined": gettext_lazy("declined by %(name)s"),
    "seat_lost": gettext_lazy("line of %(name)s lost while it rang"),
    "withdrawn": gettext_lazy("taken back from %(name)s"),
}


_OFFER = {**_HOW, "answered": gettext_lazy("answered by %(name)s"), "abandoned": gettext_lazy("the caller hung up")}

_CHOSEN = {
    "longest_ready": gettext_lazy("ready longest, for %(time)s"),
    "only_ready": gettext_lazy("nobody else who could take it was ready"),
    "waited": gettext_lazy("became free when the caller had waited %(time)s"),
    "speaks": gettext_lazy("speaks %(language)s"),
    "any_language": gettext_lazy("nobody who speaks the client's language was ready"),
    "unknown_line": gettext_lazy("the line belongs to no client"),
    "pool": gettext_lazy("the pool %(name)s answers for the client"),
    "overflow": gettext_lazy("nobody of the pool %(name)s was ready in time"),
    "trained": gettext_lazy("trained for the client"),
    "not_trained": gettext_lazy("nobody trained for the client was ready within %(time)s"),
    "has_read": gettext_lazy("has read what must be read; others who were ready had not"),
    UNREAD_WAITED: gettext_lazy("had not read the instructions: those who had were taken for %(time)s"),
    UNREAD_NOBODY: gettext_lazy("had not read the instructions: nobody who had could take it"),
}
"""Why a console rang, as codes of the reception's decision."""


_FLAG = {
    "heard": gettext_lazy("heard"),
    "said": gettext_lazy("said to the caller"),
    "unsaid": gettext_lazy("could not be said, the caller was gone"),
    "dismissed": gettext_lazy("false alarm"),
}

_FLAG_CAUSE = {
    "asked": gettext_lazy("asked: it is not so"),
    "meant": gettext_lazy("the words meant something else"),
    "past": gettext_lazy("past, or already cared for"),
    "slip": gettext_lazy("typed by mistake"),
}


def flag_words(what: str, cause: str) -> str:
    """What became of a red flag, and why where it was none."""
    return ", ".join(str(each) for each in (_FLAG.get(what, what), _FLAG_CAUSE.get(cause, cause)) if each)


def chosen_words(reasons: Iterable[Reason]) -> tuple[str, ...]:
    """Why it rang at her; a code the screens do not know is shown as it is."""
    return tuple(_chosen(reason) for reason in reasons)


def _chosen(reason: Reason) -> str:
    if reason.code == "offer_ended" and reason.detail in _HOW:
        return str(_HOW[reason.detail]) % {"name": reason.name or _("a colleague")}
    if reason.code not in _CHOSEN:
        return " ".join(filter(None, (reason.code, reason.detail)))
    detail = reason.detail
    values = {"time": duration(_seconds(detail) * 1000), "language": _language(detail), "name": detail}
    return str(_CHOSEN[reason.code]) % values


def ended_words(how: str, name: str) -> str:
    """How the ring at her console ended."""
    return str(_OFFER[how]) % {"name": name} if how in _OFFER else how or _("rings now")


def _seconds(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0


def _language(code: str) -> str:
    if code not in LANG_INFO:
        return code
    name = str(get_language_info(code)["name_translated"])
    return name.lower() if (get_language() or "").startswith("fr") else name


def outcome_words(code: str) -> str:
    """What became of the call; a code the screens do not know is shown as it is."""
    return str(OUTCOMES.get(code, code))


def end_words(row: CallRow) -> str:
    """Why it ended; "" while it goes on."""
    if row.ended_at is None:
        return ""
    if row.abandoned and row.answered_at is None:
        return str(_WHY["abandoned"])
    code = row.why if row.why in _WHY else row.closed_reason
    if code in _WHY:
        return str(_WHY[code])
    return str(_BY.get(row.ended_by, row.why))


def offer_words(offers: tuple[OfferRow, ...]) -> tuple[str, ...]:
    """The consoles that rang in vain, in their order."""
    return tuple(str(_HOW[each.how]) % {"name": each.secretary_name} for each in offers if each.how in _HOW)


def client_words(row: CallRow) -> str:
    """The client's name, or that nobody has that line."""
    return row.client_name or _("Line of no client")


def caller_words(row: CallRow) -> str:
    """Who called, when no number may or can be shown."""
    return _("Number masked") if row.masked else _("Number unknown")


def duration(milliseconds: int | None) -> str:
    """Minutes and seconds ("1:05"), hours where it takes them ("1:00:05"); "" for none."""
    if milliseconds is None:
        return ""
    minutes, seconds = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
