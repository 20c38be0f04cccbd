# SPDX-License-Identifier: AGPL-3.0-or-later
"""Acts on a client's recorded announcements: kept, heard here or there, withdrawn. None that was heard is deleted."""

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from permanence.clients.acts import account, changed
from permanence.clients.announcements import AnnouncementUnknown
from permanence.clients.greetings import GreetingUnknown
from permanence.clients.models import SPOKEN_LIMIT, Announcement, Client, Greeting
from permanence.countries.emergency import LANGUAGES
from permanence.foundation.audio.refusals import LONGEST_S
from permanence.foundation.keys import row_key
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal
from permanence.telephony.media.g711 import SAMPLES_PER_SECOND

MOST = 60
"""Announcements a client may have that are not withdrawn."""


class WordsMissing(Refusal):
    """An announcement without its words, or with more than fit: who cannot hear reads them."""

    code = "announcement_words_missing"


class LanguageUnknown(Refusal):
    """The house speaks to callers in other languages."""

    code = "announcement_language_unknown"


class AudioUnusable(Refusal):
    """Not what the converter gives: nothing, or more than the longest announcement."""

    code = "announcement_audio_unusable"


class OtherLanguage(Refusal):
    """The one it is to take the place of is spoken in another language."""

    code = "announcement_other_language"


class TooManyAnnouncements(Refusal):
    """Withdraw one that is heard no more first."""

    code = "too_many_announcements"


def check_words(*, text: str, language: str) -> str:
    """What it says, as it is kept; asked before a file is converted. Raises WordsMissing, LanguageUnknown."""
    words = " ".join(text.split())
    if not words or len(words) > SPOKEN_LIMIT:
        raise WordsMissing(f"{len(words)} characters")
    if language not in LANGUAGES:
        raise LanguageUnknown(language[:20])
    return words


@transaction.atomic
def add_announcement(
    *,
    client: str,
    language: str,
    text: str,
    audio: bytes,
    by_microphone: bool = False,
    instead_of: str = "",
    by: Who,
    at: datetime,
) -> str:
    """Keep converted audio (A-law, 8 kHz) and what it says; gives its id. Nobody hears it yet.

    `instead_of`: one of the same language that is withdrawn; the new one is heard wherever that was.
    Raises ClientUnknown, WordsMissing, LanguageUnknown, AudioUnusable, TooManyAnnouncements, AnnouncementUnknown,
    OtherLanguage.
    """
    row, words = account(client, by=by), check_words(text=text, language=language)
    if not 0 < len(audio) <= LONGEST_S * SAMPLES_PER_SECOND:
        raise AudioUnusable(f"{len(audio)} samples")
    old = None
    if instead_of:
        old = _announcement(row, instead_of)
        if old.language != language:
            raise OtherLanguage(f"{instead_of} is in {old.language}")
    elif _living(row).count() >= MOST:
        raise TooManyAnnouncements(str(MOST))
    new = Announcement.objects.create(
        house_id=row.house_id,
        client=row,
        language=language,
        text=words,
        content=hashlib.sha256(audio).hexdigest(),
        audio=audio,
        samples=len(audio),
        by_microphone=by_microphone,
        made_by_id=by.person_key,
        made_at=at,
    )
    detail: dict[str, Any] = _detail(new)
    if old is not None:
        detail["instead_of"] = _detail(old)
        greetings = [str(key) for key in _with(old).values_list("pk", flat=True)]
        occasions = {"closing": old.closing, "unanswered": old.unanswered}
        _end(old, at=at)
        _hear(new, occasions, greetings=greetings)
        detail |= {**occasions, "greetings": greetings}
    changed(client=client, action="announcement.added", by=by, at=at, detail=detail)
    return str(new.pk)


@transaction.atomic
def set_uses(
    *,
    client: str,
    announcement: str,
    closing: bool,
    greetings: Collection[str],
    unanswered: bool = False,
    by: Who,
    at: datetime,
) -> None:
    """From now on it is heard here and nowhere else: as the closing words of its language when the client is shut, or
    when nobody could answer (`unanswered`), and, before the music, with these greetings (their ids), all of its
    language. Another one heard there before is heard there no more.

    Raises ClientUnknown, AnnouncementUnknown, GreetingUnknown.
    """
    row = account(client, by=by)
    found = _announcement(row, announcement)
    own = Greeting.objects.for_client(row).filter(language=found.language)
    known = {str(key) for key in own.values_list("pk", flat=True)}
    if not set(greetings) <= known:
        raise GreetingUnknown(", ".join(sorted(set(greetings) - known))[:80])
    occasions = {"closing": closing, "unanswered": unanswered}
    silenced = _hear(found, occasions, greetings=greetings)
    detail = {**_detail(found), **occasions, "greetings": sorted(greetings), "instead_of": silenced}
    changed(client=client, action="announcement.uses_changed", by=by, at=at, detail=detail)


@transaction.atomic
def withdraw_announcement(*, client: str, announcement: str, by: Who, at: datetime) -> None:
    """Nobody hears it any more; it stays readable and can be listened to. Raises ClientUnknown, AnnouncementUnknown."""
    row = account(client, by=by)
    found = _announcement(row, announcement)
    occasions = {"closing": found.closing, "unanswered": found.unanswered}
    detail = {**_detail(found), **occasions, "greetings": [str(key) for key in _keys(found)]}
    _end(found, at=at)
    changed(client=client, action="announcement.withdrawn", by=by, at=at, detail=detail)


def _living(row: Client) -> Any:
    return Announcement.objects.for_client(row).filter(withdrawn_at=None)


def _announcement(row: Client, announcement: str) -> Announcement:
    found: Announcement | None = _living(row).defer("audio").filter(pk=row_key(announcement)).first()
    if found is None:
        raise AnnouncementUnknown(announcement[:20])
    return found


def _with(row: Announcement) -> Any:
    return Greeting.objects.for_client(row.client_id).filter(announcement=row)


def _keys(row: Announcement) -> list[int]:
    return list(_with(row).order_by("pk").values_list("pk", flat=True))


def _hear(row: Announcement, occasions: Mapping[str, bool], *, greetings: Collection[str]) -> list[str]:
    """Where it is heard; gives the sha256 of those that were heard there before. `occasions`: by their columns."""
    keys = {int(each) for each in greetings}
    others = Announcement.objects.for_client(row.client_id).exclude(pk=row.pk)
    before = set(Greeting.objects.for_client(row.client_id).filter(pk__in=keys).values_list("announcement", flat=True))
    silenced = list(others.filter(pk__in=before - {None}).values_list("content", flat=True))
    for column in (each for each, held in occasions.items() if held):
        spoken = others.filter(language=row.language, **{column: True})
        silenced += spoken.values_list("content", flat=True)
        spoken.update(**{column: False})
    Announcement.objects.filter(pk=row.pk).update(**occasions)
    _with(row).exclude(pk__in=keys).update(announcement=None)
    Greeting.objects.for_client(row.client_id).filter(pk__in=keys).update(announcement=row)
    return sorted(set(silenced))


def _end(row: Announcement, *, at: datetime) -> None:
    _with(row).update(announcement=None)
    Announcement.objects.filter(pk=row.pk).update(closing=False, unanswered=False, withdrawn_at=at)


def _detail(row: Announcement) -> dict[str, Any]:
    """What the trail keeps of it: the sha256 says which audio was heard."""
    return {"announcement": row.pk, "language": row.language, "content": row.content}
