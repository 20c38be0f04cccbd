# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of what is said to callers: the rules of the greetings, and the client's recorded announcements."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from permanence.clients.models import Announcement, Greeting
from permanence.kernel.refusals import Refusal
from permanence.reception.table import ClosingWords, GreetingEntry
from permanence.telephony.media.g711 import SAMPLES_PER_SECOND


class AnnouncementUnknown(Refusal):
    """No such recorded announcement at this client."""

    code = "announcement_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementView:
    """One recorded announcement. `seconds` long; `greetings`: the ids of those it is heard with, before the music.

    `made_by` is the name of who recorded or brought it, "" for the house itself; `withdrawn_at`: heard no more since.
    """

    id: str
    language: str
    text: str
    content: str
    seconds: float
    closing: bool
    by_microphone: bool
    made_by: str
    made_at: datetime
    withdrawn_at: datetime | None
    greetings: tuple[str, ...]

    @property
    def heard(self) -> bool:
        """Whether callers hear it."""
        return self.closing or bool(self.greetings)


def greeting_entries(house: int | str, client: int) -> tuple[GreetingEntry, ...]:
    """The rules for what is said, in the order in which they were written. One query."""
    rows = Greeting.objects.for_house(house).for_client(client).select_related("line", "announcement").order_by("pk")
    return tuple(_entry(row) for row in rows.defer("announcement__audio"))


def greetings_by_id(*, house: str, client: str) -> dict[str, GreetingEntry]:
    """The rules for what is said by the ids of their rows; empty for a client of another house. One query."""
    rows = Greeting.objects.for_house(house).for_client(_key(client)).select_related("line", "announcement")
    return {str(row.pk): _entry(row) for row in rows.defer("announcement__audio").order_by("pk")}


def _entry(row: Greeting) -> GreetingEntry:
    said = row.announcement
    heard = said is not None and said.withdrawn_at is None and said.language == row.language
    return GreetingEntry(
        language=row.language,
        text=row.text,
        line="" if row.line is None else row.line.number,
        day_type=row.day_type,
        weekdays=tuple(int(digit) for digit in row.weekdays),
        opens=row.opens,
        until=row.until,
        announcement=said.content if said is not None and heard else "",
        announcement_s=-(-said.samples // SAMPLES_PER_SECOND) if said is not None and heard else 0,
    )


def digits(weekdays: Iterable[int]) -> str:
    """Chosen days of the week as a row has them."""
    return "".join(str(day) for day in sorted(weekdays))


def closing_words(house: int | str, client: int) -> tuple[ClosingWords, ...]:
    """The recorded closing words, one a language. One query."""
    rows = Announcement.objects.for_house(house).for_client(client).filter(closing=True).order_by("pk")
    return tuple(
        ClosingWords(language=language, prompts=(content,))
        for language, content in rows.values_list("language", "content")
    )


def announcements(*, house: str, client: str) -> tuple[AnnouncementView, ...]:
    """All of a client, the newest first, those withdrawn included; empty for a client of another house. Two queries."""
    key = _key(client)
    with_them: dict[int, list[str]] = {}
    attached = Greeting.objects.for_house(house).for_client(key).exclude(announcement=None).order_by("pk")
    for greeting, announcement in attached.values_list("pk", "announcement_id"):
        with_them.setdefault(announcement or 0, []).append(str(greeting))
    rows = Announcement.objects.for_house(house).for_client(key).defer("audio").select_related("made_by")
    return tuple(_view(row, with_them.get(row.pk, [])) for row in rows.order_by("-made_at", "-pk"))


def audio(*, house: str, client: str, announcement: str) -> bytes:
    """The audio of one of a client's, withdrawn or not, as callers hear it: A-law. Raises AnnouncementUnknown."""
    rows = Announcement.objects.for_house(house).for_client(_key(client)).filter(pk=_key(announcement))
    found = rows.values_list("audio", flat=True).first()
    if found is None:
        raise AnnouncementUnknown(announcement)
    return bytes(found)


def audio_by_content(*, house: str, client: str, content: str) -> bytes | None:
    """The audio with that sha256 among a client's, None when he has none such. One query."""
    rows = Announcement.objects.for_house(house).for_client(_key(client)).filter(content=content).order_by("pk")
    found = rows.values_list("audio", flat=True).first()
    return None if found is None else bytes(found)


def sounds(*, house: str, client: str) -> Iterator[tuple[str, bytes]]:
    """All recorded audio of a client, once each, one at a time: its sha256 and A-law."""
    rows = Announcement.objects.for_house(house).for_client(_key(client))
    for content in rows.order_by("content").values_list("content", flat=True).distinct():
        found = audio_by_content(house=house, client=client, content=content)
        if found is not None:
            yield content, found


def texts(*, house: str, client: str) -> dict[str, str]:
    """What each of a client's says, by the sha256 of its audio. One query."""
    rows = Announcement.objects.for_house(house).for_client(_key(client)).order_by("pk")
    return dict(rows.values_list("content", "text"))


def _view(row: Announcement, greetings: list[str]) -> AnnouncementView:
    return AnnouncementView(
        id=str(row.pk),
        language=row.language,
        text=row.text,
        content=row.content,
        seconds=row.samples / SAMPLES_PER_SECOND,
        closing=row.closing,
        by_microphone=row.by_microphone,
        made_by="" if row.made_by is None else row.made_by.name,
        made_at=row.made_at,
        withdrawn_at=row.withdrawn_at,
        greetings=tuple(greetings),
    )


def _key(text: str) -> int:
    """The primary key behind an id that came over a wire; -1, which no row has, when it is not one."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else -1
